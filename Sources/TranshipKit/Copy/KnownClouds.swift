// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import OpenStackImage
internal import PipelineFiles

/// The clouds that a command line may name.
struct KnownClouds {
    /// The names of the clouds, sorted.
    let names: [String]
    /// The files that these clouds come from, as a message says it: ` (read ./clouds.yaml)`.
    let read: String
    /// The hint if no cloud is configured at all.
    private let beginning: String

    init(_ files: CloudFiles) {
        names = files.cloudNames
        read = " (\(files.readWords))"
        beginning = files.whereToPutThem
    }

    init(names: [String]) {
        self.names = names
        read = ""
        beginning = ""
    }

    init(environment: [String: String]) throws(TranshipError) {
        self.init(try CloudFiles.load(environment: environment))
    }

    /// Returns the cloud that a word names; nil if it names none.
    func place(_ word: String) -> CopyOrder.CloudPlace? {
        if names.contains(word) { return .init(name: word, region: nil) }
        guard let slash = word.firstIndex(of: "/") else { return nil }
        let (name, region) = (String(word[..<slash]), String(word[word.index(after: slash)...]))
        guard names.contains(name), !region.isEmpty else { return nil }
        return .init(name: name, region: region)
    }

    /// Returns the first entry whose Keystone, region or Image service differs from that of a given
    /// entry; the next entry if none differs.
    func other(than first: String, _ environment: [String: String]) -> String {
        func place(_ name: String) -> [String?]? {
            let configuration = try? CloudSession.named(name, environment: environment)
                .configuration
            guard let configuration else { return nil }
            let keystone = configuration.authURL.map {
                ServiceAddress.inOneSpelling($0, versions: ["/v3"])
            }
            return [keystone, configuration.region, configuration.imageEndpointOverride]
        }
        let others = names.filter { $0 != first }
        let own = place(first)
        return others.first { place($0).map { $0 != own } ?? false } ?? others.first ?? first
    }

    /// Parses the target of a copy.
    ///
    /// - Parameters:
    ///   - source: the source of the copy, for hints.
    ///   - folder: the folder where relative paths start.
    func target(
        _ word: String, from source: String, folder: String
    ) throws(TranshipError) -> CopyOrder.Target {
        if let place = place(word) { return .cloud(place) }
        if FilePath.kind(word) == .file {
            throw TranshipError(
                .usage,
                "the target \(word) is a file, and only a cloud or an archive can be a target",
                hint: hint(forFile: word, from: source))
        }
        try refuseAddress(word, from: source, folder: folder)
        let isPath =
            ["./", "../", "/"].contains(where: word.hasPrefix) || word.hasSuffix("/")
            || [".", ".."].contains(word)
        if isPath {
            let path = FilePath.absolute(word, in: folder)
            let isMissing = if case .missing = FilePath.kind(path) { true } else { false }
            guard !word.hasSuffix("/"), isMissing,
                CopiedFiles.isImage(PathText.lastComponent(path))
            else { return .archive(path) }
            throw TranshipError(
                .usage,
                "the target \(word) has the name of an image file, and only a cloud or an archive, "
                    + "which is a folder, can be a target",
                hint: "for an archive, name a folder: \(word)/; for the data of one image in a "
                    + "file: tranship image save IMAGE --os-cloud CLOUD --file \(word)")
        }
        let isNew = !word.contains("/") && !word.isEmpty && Nearest.to(word, in: names) == nil
        let archive = isNew ? "; for an archive, write ./\(word)/" : ""
        throw TranshipError(
            .unknownCloud, "there is no cloud \"\(word)\"\(read)", hint: hint(word) + archive)
    }

    /// Refuses an address as a target, such as `https://host/` and `host:/path/`: taken as the path
    /// of an archive, it would make a folder of that name. The message must not repeat a password.
    private func refuseAddress(
        _ word: String, from source: String, folder: String
    ) throws(TranshipError) {
        let only = "and only a cloud or an archive can be a target"
        if let scheme = word.firstRange(of: "://").map({ String(word[..<$0.lowerBound]) }) {
            let hint =
                if scheme.lowercased() == "file" {
                    "write the path: \(word.dropFirst(scheme.count + 3))"
                } else if CopyOrder.isURL(word), let cloud = place(source) {
                    "to copy from it, write it first: tranship copy ADDRESS \(cloud.words); for an "
                        + "archive, write the path of a folder"
                } else {
                    "\(hint(word)); for an archive, write the path of a folder"
                }
            throw TranshipError(
                .usage, "the target is an address (\(scheme.prefix(40))://…), \(only)", hint: hint)
        }
        let first = word.prefix { $0 != "/" }
        guard first.contains(":"), first.count < word.count,
            case .missing = FilePath.kind(FilePath.absolute(word, in: folder))
        else { return }
        throw TranshipError(
            .usage, "the target \(shownURL(word)) begins like an address, \(only)",
            hint: "\(hint(word)); for a folder of that name, write ./ in front of it")
    }

    /// Returns a hint for a word that names no cloud.
    func hint(_ word: String) -> String {
        guard !names.isEmpty else { return beginning }
        if let colon = word.firstIndex(of: ":"), names.contains(String(word[..<colon])) {
            return "write the cloud without a colon: \(word[..<colon])"
        }
        let name = String(word.prefix { $0 != "/" })
        return Nearest.hint(name, in: names, "clouds")
    }
}
