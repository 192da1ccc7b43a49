// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import Foundation
internal import ImageArchives
internal import MigrationModel
internal import OpenStackImage
internal import PipelineFiles

/// What a command line asks to be copied: from where, to where, and which images.
///
/// ``pipeline(writtenBy:)`` is the pipeline file for it, so that a copy is a pipeline like any other.
public struct CopyOrder: Sendable, Equatable {
    /// Where images come from.
    enum Source: Sendable, Equatable {
        case cloud(CloudPlace)
        /// Absolute paths and globs, as the pipeline file takes them.
        case files([String])
        case url(String)
        /// The absolute path of an archive.
        case archive(String)

        /// For the name of a pipeline.
        var shortWords: String {
            switch self {
            case .cloud(let cloud): cloud.words
            case .files(let patterns): FileName(patterns[0]).stem
            case .url(let url): FileName(url: url).stem
            case .archive(let path): PathText.lastComponent(path)
            }
        }
    }

    /// Where images go.
    enum Target: Sendable, Equatable {
        case cloud(CloudPlace)
        /// The absolute path of an archive, which may be missing.
        case archive(String)

        var words: String {
            switch self {
            case .cloud(let cloud): cloud.words
            case .archive(let path): path
            }
        }

        /// For the name of a pipeline.
        var shortWords: String {
            switch self {
            case .cloud(let cloud): cloud.words
            case .archive(let path): PathText.lastComponent(path)
            }
        }
    }

    /// `alpha` or `alpha/RegionTwo`.
    struct CloudPlace: Sendable, Equatable {
        let name: String
        let region: String?

        var words: String { region.map { "\(name)/\($0)" } ?? name }

        /// The options of `tranship image …` for it.
        var options: String { "--cloud \(name)" + (region.map { " --region \($0)" } ?? "") }
    }

    /// Everything but source, target and names.
    public struct Options: Sendable, Equatable {
        /// The name of the copy, which may have placeholders; nil keeps the name.
        public var imageName: String?
        public var checksum: Checksum?
        /// The address or path of a list of checksums.
        public var checksumFile: String?
        /// Nil: the extension and the data say it.
        public var diskFormat: String?
        /// An image of a cloud needs all of them.
        public var tags: [String] = []
        /// An image of a cloud needs all of them, with these values.
        public var properties: [String: String] = [:]
        /// `self`, `any` or a project's id.
        public var owner: String?
        /// One of ``CopyOrder/conflictRules``; nil is the default of a pipeline file. The same copy
        /// with another rule has the same journal.
        public var onConflict: String?

        public init() {}
    }

    /// A hint in the words of a copy: most name keys of a pipeline file, and a person who copies has
    /// none.
    public static func hint(_ hint: String) -> String { CopyHint.words(hint) }

    /// Which command follows a hint in the words of a copy.
    public enum NextCommand: Sendable {
        /// The same, once something else is changed.
        case same
        /// The same with an option that the hint names.
        case sameWithOption
        /// One of its own, for the image alone or for a file that is saved.
        case other
    }

    /// The command that follows ``hint(_:)``.
    public static func next(after hint: String) -> NextCommand {
        switch CopyHint.way(hint) {
        case .otherCommand: .other
        case .option: .sameWithOption
        case .none: .same
        }
    }

    /// The same for a message, which says no way out.
    public static func message(_ message: String) -> String { CopyHint.message(message) }

    /// What a copy can do if the target has another image of its name.
    public static var conflictRules: [String] { OnConflict.allCases.map(\.rawValue) }

    let source: Source
    let target: Target
    let names: [String]
    let options: Options
    /// The same for the same command, so that it finds its journal again.
    private let identity: String
    /// As the command line has it.
    let sourceWord: String

    /// Understands the words of a command line. Asks no cloud.
    ///
    /// - Parameters:
    ///   - source: a cloud, a cloud and a region (`alpha/RegionTwo`), a file, a folder, a glob of
    ///     files, an archive, or an http or https address.
    ///   - target: a cloud, a cloud and a region, or the path of an archive, with a slash in it.
    ///   - names: names, globs and ids of images; none are all images of the project.
    ///   - known: the entries of clouds.yaml.
    ///   - folder: where relative paths start.
    /// - Throws: ``TranshipError/Code/usage`` with what is there.
    init(
        source: String, target: String, names: [String] = [], options: Options = Options(),
        known: KnownClouds, folder: String
    ) throws(TranshipError) {
        for (word, what) in [(source, "source"), (target, "target")] {
            try Self.refuse(
                word.allSatisfy(\.isWhitespace), "the \(what) is empty",
                hint: "if it comes from a variable of the shell, set the variable")
        }
        try known.refuseOtherOrder(source: source, target: target, names: names, folder: folder)
        self.target = try known.target(target, from: source, folder: folder)
        self.names = names
        self.options = options
        sourceWord = source
        let origin: String
        if Self.isURL(source) {
            self.source = .url(source)
            origin = Self.withoutQuery(source)
        } else if let cloud = known.place(source) {
            self.source = .cloud(cloud)
            origin = cloud.words
        } else {
            let path = FilePath.absolute(source, in: folder)
            if FilePath.kind("\(path)/\(ArchiveFolder.markerName)") == .file {
                self.source = .archive(path)
            } else {
                self.source = .files(
                    try CopiedFiles(word: source, path: path).patterns(names, known))
            }
            origin = path
        }
        identity = ([origin, self.target.words] + names.sorted() + [options.identity])
            .joined(separator: "\n")
        try refuseContradictions()
    }

    /// The same with the names of the entries of clouds.yaml alone.
    init(
        source: String, target: String, names: [String] = [], options: Options = Options(),
        clouds: [String], folder: String
    ) throws(TranshipError) {
        try self.init(
            source: source, target: target, names: names, options: options,
            known: KnownClouds(names: clouds), folder: folder)
    }

    /// Understands the words of a command line, with the clouds of the operator.
    ///
    /// - Throws: ``TranshipError/Code/usage``, and what is wrong with clouds.yaml.
    public init(
        source: String, target: String, names: [String], options: Options,
        environment: [String: String]
    ) throws(TranshipError) {
        let files = try CloudFiles.load(environment: environment)
        try self.init(
            source: source, target: target, names: names, options: options,
            known: KnownClouds(files), folder: FileManager.default.currentDirectoryPath)
        try expectRegions(in: files)
    }

    static func isURL(_ word: String) -> Bool {
        ["http://", "https://"].contains { word.lowercased().hasPrefix($0) }
    }

    /// A query may be a signature, which differs from day to day.
    private static func withoutQuery(_ url: String) -> String {
        "\(url.prefix { $0 != "?" && $0 != "#" }) \(FileName(url: url).text)"
    }

    private func refuseContradictions() throws(TranshipError) {
        switch source {
        case .cloud, .archive:
            let given = [
                options.checksum.map { _ in "--checksum" },
                options.checksumFile.map { _ in "--checksum-file" },
                options.diskFormat.map { _ in "--disk-format" },
            ].compactMap(\.self)
            let words = given.joined(separator: " and ")
            try Self.refuse(
                !given.isEmpty,
                "\(words) \(given.count == 1 ? "is" : "are") for files and addresses; the record "
                    + "of each image says that itself",
                hint: "leave \(words) out")
            if case .cloud(let cloud) = source {
                try Self.refuse(
                    .cloud(cloud) == target, "source and target are the same: \(cloud.words)",
                    hint: "name another cloud, or another region of it as \(cloud.name)/REGION")
            }
        case .files, .url:
            let given = [
                options.tags.isEmpty ? nil : "--tag",
                options.properties.isEmpty ? nil : "--property",
                options.owner.map { _ in "--owner" },
            ].compactMap(\.self)
            let words = given.joined(separator: " and ")
            try Self.refuse(
                !given.isEmpty,
                "\(words) \(given.count == 1 ? "selects" : "select") images of a cloud, and the "
                    + "source is none",
                hint: "leave \(words) out")
        }
        if case .url = source {
            try Self.refuse(
                !names.isEmpty, "an address is one image, so names select nothing",
                hint: names.first.map { "--name \($0) gives the copy that name" })
        }
        if case .files(let patterns) = source, options.checksum != nil {
            try Self.refuse(
                patterns.count > 1 || Glob(patterns[0]).literal == nil,
                "--checksum is for one file", hint: "use --checksum-file for several")
        }
        guard let name = options.imageName, !name.contains("{"), !isOneImage else { return }
        throw TranshipError(
            .usage, "--name \"\(name)\" would be the name of several images",
            hint: "name one image, or use placeholders: --name \"{\(placeholder)} copy\"")
    }

    private static func refuse(
        _ condition: Bool, _ message: String, hint: String?
    ) throws(TranshipError) {
        if condition { throw TranshipError(.usage, message, hint: hint) }
    }

    /// What is different for each image.
    private var placeholder: String { hasRecords ? "name" : "stem" }

    /// True if the images have records, which say their names.
    var hasRecords: Bool {
        switch source {
        case .cloud, .archive: true
        case .files, .url: false
        }
    }

    private var isOneImage: Bool {
        switch source {
        case .url: true
        case .files(let patterns): patterns.count == 1 && Glob(patterns[0]).literal != nil
        case .cloud, .archive: names.count == 1 && Glob(names[0]).literal != nil
        }
    }

    // MARK: The name

    /// The name of the pipeline and of its journal: `copy-alpha-beta-1f0c9e3a52d7`. The same words
    /// have the same name, so the same command goes on where the last one stopped.
    public var pipelineName: String {
        let words = [source.shortWords, target.shortWords].map { word in
            let letters = word.unicodeScalars.prefix(30).map { scalar in
                scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
                    ? Character(scalar) : "-"
            }
            return String(letters)
        }
        return Run.copyName(words.joined(separator: "-") + "-" + Self.digest(identity))
    }

    /// 48 bits of FNV-1a. Different commands get different names; nothing depends on it being hard to guess.
    private static func digest(_ text: String) -> String {
        let hash = text.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { hash, byte in
            (hash ^ UInt64(clamping: byte)) &* 0x100_0000_01b3
        }
        let digits = String(hash >> 16, radix: 16)
        return String(repeating: "0", count: 12 - digits.count) + digits
    }
}

extension CopyOrder.Options {
    fileprivate var identity: String {
        let pairs = properties.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        let words = [
            imageName, checksum.map { "\($0)" }, checksumFile, diskFormat, owner,
        ].map { $0 ?? "" }
        return (words + tags.sorted() + pairs).joined(separator: "\n")
    }
}
