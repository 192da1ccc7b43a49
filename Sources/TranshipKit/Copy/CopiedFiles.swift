// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import Foundation
internal import PipelineFiles

/// The files that the source of a command line names.
struct CopiedFiles {
    /// The source as written on the command line.
    let word: String
    /// The absolute path.
    let path: String

    /// The extensions of files that are images for sure, compressed or not.
    private static let extensions: Set = [
        "qcow2", "raw", "img", "iso", "vmdk", "vhd", "vhdx", "vdi",
    ]

    /// The pattern of words such as `mirror.example:8000/a.raw` and `127.0.0.1/a.raw`.
    private static var hostAndPath: Regex<Substring> {
        #/^(?:[A-Za-z0-9.-]+:[0-9]+|(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}|[0-9]+(?:\.[0-9]+){3})\/.+/#
    }

    /// Returns paths and globs for a pipeline file.
    ///
    /// - Parameter names: names and globs of files of a folder, with or without their extension.
    func patterns(
        _ names: [String], _ clouds: KnownClouds
    ) throws(TranshipError) -> [String] {
        switch FilePath.kind(path) {
        case .directory: return try inFolder(names)
        case .file, .special:
            guard !["yaml", "yml"].contains(FileName(path).fileExtension) else {
                throw TranshipError(
                    .usage, "\(word) is a YAML file, not an image",
                    hint: "if it is a pipeline, run it: tranship run \(word)")
            }
            return try alone(FilePath.escaped(path), names)
        case .missing:
            guard Glob(path).literal == nil else { throw missing(clouds) }
            let place = "the source \(word)"
            guard try FilePath.matches(path, place).contains(where: { FilePath.kind($0) == .file })
            else {
                throw TranshipError(
                    .usage, "no file matches \(word)",
                    hint: "check the path; a relative path starts at the working directory")
            }
            return try alone(path, names)
        }
    }

    private func alone(
        _ pattern: String, _ names: [String]
    ) throws(TranshipError) -> [String] {
        guard names.isEmpty else {
            throw TranshipError(
                .usage, "\(word) names the files itself, so further names select nothing",
                hint: "to copy several files, quote a glob: 'images/*.qcow2'; --name names a copy")
        }
        return [pattern]
    }

    private func missing(_ clouds: KnownClouds) -> TranshipError {
        if word == "-" {
            return TranshipError(
                .usage, "a copy does not read standard input: it could not read it again",
                hint: "write it into a file, and copy that; or send it once: tranship image create "
                    + "NAME --disk-format FORMAT --file - --cloud CLOUD")
        }
        let host = String(word.prefix { $0 != "/" })
        if word.contains(Self.hostAndPath), Nearest.to(host, in: clouds.names) == nil {
            return TranshipError(
                .usage, "\"\(word)\" is neither a file nor a cloud of clouds.yaml",
                hint: "if it is an address, write http://\(word) or https://\(word); "
                    + "if it is a path, check it")
        }
        if let address = word.prefixMatch(of: /(?<scheme>[hH][tT][tT][pP][sS]?):\/?(?=[^\/])/) {
            let rest = word[address.range.upperBound...]
            return TranshipError(
                .usage, "\(word) is not an address: two slashes follow the colon",
                hint: "write \(address.scheme.lowercased())://\(rest)")
        }
        if let scheme = word.firstRange(of: "://").map({ String(word[..<$0.lowerBound]) }) {
            return TranshipError(
                .usage,
                "\(scheme):// cannot be read: a source is a cloud, a path, or an http or "
                    + "https address",
                hint: scheme.lowercased() == "file"
                    ? "write the path: \(word.dropFirst(scheme.utf8.count + 3))"
                    : "fetch the image first, and copy the file")
        }
        guard word.contains("/") || Self.isImage(word), clouds.place(word) == nil,
            !clouds.names.contains(String(word.prefix { $0 != "/" }))
        else {
            return TranshipError(
                .usage, "\"\(word)\" is neither a cloud of clouds.yaml nor a file\(clouds.read)",
                hint: clouds.hint(word))
        }
        return TranshipError(
            .usage, "\"\(word)\" is neither a file nor a cloud of clouds.yaml",
            hint: "check the path; a relative path starts at the working directory. "
                + clouds.hint(word))
    }

    private func inFolder(_ names: [String]) throws(TranshipError) -> [String] {
        let listed: FilePath.Names
        do throws(TranshipError) {
            listed = try FilePath.names(in: path)
        } catch {
            throw TranshipError(
                .usage, "cannot list the folder \(word)", hint: "make it readable")
        }
        try refuse(notUTF8: listed.notUTF8, names)
        let found = listed.all.filter {
            !$0.hasPrefix(".") && FilePath.kind("\(path)/\($0)") == .file
        }
        let images = found.filter { Self.isImage($0) }
        guard !names.isEmpty else {
            guard !images.isEmpty else {
                throw TranshipError(
                    .usage, "the folder \(word) has no file that is named as an image",
                    hint: "name the images with one of these endings: "
                        + Self.extensions.sorted().map { "*.\($0)" }.joined(separator: ", "))
            }
            return images.map { escaped($0) }
        }
        var patterns: [String] = []
        for name in names {
            let matches = found.filter { Self.matches(name, $0) }
            guard !matches.isEmpty else { throw noFile(name, images.isEmpty ? found : images) }
            patterns += matches.map { escaped($0) }.filter { !patterns.contains($0) }
        }
        return patterns
    }

    /// - Parameter name: a glob of the command line.
    private static func matches(_ name: String, _ file: String) -> Bool {
        let glob = Glob(name)
        return glob.matches(file) || glob.matches(FileName(file).stem)
    }

    /// Refuses wanted files whose names are not UTF-8: no path leads to them, and the copy would
    /// seem complete without them.
    private func refuse(notUTF8 files: [String], _ names: [String]) throws(TranshipError) {
        let wanted = files.filter { file in
            !file.hasPrefix(".")
                && (names.isEmpty
                    ? Self.isImage(file) : names.contains { Self.matches($0, file) })
        }
        guard !wanted.isEmpty else { return }
        throw TranshipError(
            .usage,
            "the folder \(word) has \(counted(wanted.count, "file")) with a name that is not UTF-8: "
                + wanted.joined(separator: ", "),
            hint: "rename \(wanted.count == 1 ? "it" : "them"), or name the other files behind the "
                + "target: tranship copy FOLDER TARGET NAME")
    }

    private func escaped(_ name: String) -> String {
        FilePath.escaped((path.hasSuffix("/") ? path : path + "/") + name)
    }

    /// True for the name of an image, such as `noble.img` or `noble.img.xz`.
    static func isImage(_ name: String) -> Bool {
        let file = FileName(name)
        let inner = isCompressed(file) ? FileName(file.stem) : file
        return extensions.contains(inner.fileExtension)
    }

    static func isCompressed(_ name: FileName) -> Bool {
        ["xz", "gz", "bz2", "zst"].contains(name.fileExtension)
    }

    private func noFile(_ name: String, _ there: [String]) -> TranshipError {
        let guess =
            Nearest.to(name, in: there + there.map { FileName($0).stem })
            .map { "did you mean \($0)? " } ?? ""
        return TranshipError(
            .usage, "the folder \(word) has no file \"\(name)\"",
            hint: guess + "there are \(ShortList(there).words)")
    }
}

/// The first few of many words, and the number of the others.
struct ShortList {
    let words: String

    init(_ all: [String], count: Int? = nil) {
        let shown = all.prefix(5).joined(separator: ", ")
        let more = (count ?? all.count) - min(all.count, 5)
        words = all.isEmpty ? "none" : more > 0 ? "\(shown) and \(more) more" : shown
    }
}
