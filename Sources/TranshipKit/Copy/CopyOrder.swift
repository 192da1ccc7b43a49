// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import Foundation
internal import ImageArchives
internal import MigrationModel
internal import OpenStackImage
internal import PipelineFiles

/// The order of a copy command: its source, its target, and the selected images.
///
/// ``pipeline(writtenBy:)`` makes a pipeline file of it, so a copy runs like any other pipeline.
public struct CopyOrder: Sendable, Equatable {
    /// The place that images come from.
    enum Source: Sendable, Equatable {
        case cloud(CloudPlace)
        /// Absolute paths and globs, as the pipeline file takes them.
        case files([String])
        case url(String)
        /// The absolute path of an archive.
        case archive(String)

        /// The words for the name of a pipeline.
        var shortWords: String {
            switch self {
            case .cloud(let cloud): cloud.words
            case .files(let patterns): FileName(patterns[0]).stem
            case .url(let url): FileName(url: url).stem
            case .archive(let path): PathText.lastComponent(path)
            }
        }
    }

    /// The place that images go to.
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

        /// The words for the name of a pipeline.
        var shortWords: String {
            switch self {
            case .cloud(let cloud): cloud.words
            case .archive(let path): PathText.lastComponent(path)
            }
        }
    }

    /// A cloud and its region, `alpha` or `alpha/RegionTwo` on the command line.
    struct CloudPlace: Sendable, Equatable {
        let name: String
        let region: String?

        var words: String { region.map { "\(name)/\($0)" } ?? name }

        /// The options of `tranship image …` that name this place.
        var options: String { "--cloud \(name)" + (region.map { " --region \($0)" } ?? "") }
    }

    /// All of the order except source, target and names.
    public struct Options: Sendable, Equatable {
        /// The name of the copy, which may have placeholders; nil keeps the name.
        public var imageName: String?
        public var checksum: Checksum?
        /// The address or path of a list of checksums.
        public var checksumFile: String?
        /// The disk format; nil takes it from the extension or the data.
        public var diskFormat: String?
        /// The tags that an image of a cloud must have, all of them.
        public var tags: [String] = []
        /// The properties that an image of a cloud must have, all of them with these values.
        public var properties: [String: String] = [:]
        /// `self`, `any` or a project's id.
        public var owner: String?
        /// One of ``CopyOrder/conflictRules``; nil is the default of a pipeline file. Not part of
        /// the copy's identity: the same copy with another rule uses the same journal.
        public var onConflict: String?

        public init() {}
    }

    /// Rewords a hint for a copy: most hints name keys of a pipeline file, and a person who copies
    /// has none.
    public static func hint(_ hint: String) -> String { CopyHint.words(hint) }

    /// The command to run after a hint that was reworded for a copy.
    public enum NextCommand: Sendable {
        /// The same command, after something else was changed.
        case same
        /// The same command with an option that the hint names.
        case sameWithOption
        /// Another command, for this image alone or for a file that is saved.
        case other
    }

    /// Returns the command to run after ``hint(_:)``.
    public static func next(after hint: String) -> NextCommand {
        switch CopyHint.way(hint) {
        case .otherCommand: .other
        case .option: .sameWithOption
        case .none: .same
        }
    }

    /// Rewords a message for a copy. Unlike a hint, a message does not say what to do.
    public static func message(_ message: String) -> String { CopyHint.message(message) }

    /// The rules for a target that has another image of the same name.
    public static var conflictRules: [String] { OnConflict.allCases.map(\.rawValue) }

    let source: Source
    let target: Target
    let names: [String]
    let options: Options
    /// The text that identifies the copy. The same command always has the same one, so it finds its
    /// journal again.
    private let identity: String
    /// The source as written on the command line.
    let sourceWord: String

    /// Parses the words of a command line. Asks no cloud.
    ///
    /// - Parameters:
    ///   - source: a cloud, a cloud and a region (`alpha/RegionTwo`), a file, a folder, a glob of
    ///     files, an archive, or an http or https address.
    ///   - target: a cloud, a cloud and a region, or the path of an archive, with a slash in it.
    ///   - names: names, globs and ids of images; an empty list selects all images of the project.
    ///   - known: the entries of clouds.yaml.
    ///   - folder: the folder where relative paths start.
    /// - Throws: ``TranshipError/Code/usage``, with the names that exist.
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

    /// Parses the words of a command line, knowing only the names of the entries of clouds.yaml.
    init(
        source: String, target: String, names: [String] = [], options: Options = Options(),
        clouds: [String], folder: String
    ) throws(TranshipError) {
        try self.init(
            source: source, target: target, names: names, options: options,
            known: KnownClouds(names: clouds), folder: folder)
    }

    /// Parses the words of a command line, with the clouds of the operator.
    ///
    /// - Throws: ``TranshipError/Code/usage``, and the errors of clouds.yaml.
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

    /// Returns the address without its query, which may be a signature that differs from day to
    /// day.
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

    /// The placeholder that differs for each image.
    private var placeholder: String { hasRecords ? "name" : "stem" }

    /// True if the images have records, which contain their names.
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
    /// give the same name, so the same command goes on where the last one stopped.
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

    /// Returns 48 bits of FNV-1a, so that different commands get different names. Nothing depends
    /// on the digest being hard to guess.
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
