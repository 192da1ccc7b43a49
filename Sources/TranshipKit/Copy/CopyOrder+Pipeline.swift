// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import Foundation
internal import MigrationModel
internal import PipelineFiles

extension CopyOrder {
    /// Returns the pipeline file of this order, with comments.
    ///
    /// - Parameter command: the command that writes it, for a comment.
    public func pipeline(writtenBy command: String) -> String {
        """
        \(Run.copyTextBeginning)\(command.withControlsEscaped)
        #
        #   tranship plan FILE       shows what a run would do, and changes nothing
        #   tranship run FILE        does it; after an interruption, run it again
        #   tranship help pipeline   explains every key
        version: 1
        # The journal has the same name. With another name, a run knows nothing of earlier ones.
        name: \(pipelineName)

        sources:
        \(sourceLines.joined(separator: "\n"))

        targets:
        \(targetLines.joined(separator: "\n"))

        """
    }

    // MARK: Sources

    var sourceLines: [String] {
        switch source {
        case .cloud(let cloud): cloudEntries(cloud)
        case .archive(let path): archiveEntries(path)
        case .files(let patterns):
            patterns.flatMap {
                ["  - file: \(YAMLScalar.text($0))"] + promiseLines
                    + imageLines(fileName: FileName($0))
            }
        case .url(let url):
            ["  - url: \(YAMLScalar.text(url))"] + promiseLines
                + imageLines(fileName: FileName(url: url))
        }
    }

    /// Returns one entry for ids, one for names and one for globs: an image selected by its exact
    /// name may be a snapshot, and one selected by its id may belong to any project.
    private func cloudEntries(_ cloud: CloudPlace) -> [String] {
        let ids = names.filter(Self.isID)
        let exact = names.filter { !Self.isID($0) && Glob($0).literal != nil }
        let globs = names.filter { Glob($0).literal == nil }
        var entries: [[String]] = []
        if !ids.isEmpty {
            entries.append([
                "# These images, of any owner.", "id: \(Self.list(ids))", "owner: any",
                "hidden: any", "snapshots: include",
            ])
        }
        if !exact.isEmpty {
            entries.append(
                [
                    "# Images with these names, snapshots among them.",
                    "name: \(Self.list(exact))", "snapshots: include",
                ] + conditions)
        }
        if !globs.isEmpty {
            entries.append(
                ["# * stands for any text, ? for one character.", "name: \(Self.list(globs))"]
                    + conditions)
        }
        if names.isEmpty {
            entries.append(conditions)
        }
        return entries.flatMap { conditions in
            Self.lines(of: cloud) + variantLines
                + (conditions.isEmpty
                    ? ["    # Without `images`: every active image of the project."]
                    : ["    images:"] + conditions.map { "      \($0)" })
        }
    }

    /// Returns the entries for an archive, which lists images of any owner, also snapshots and
    /// hidden ones.
    private func archiveEntries(_ path: String) -> [String] {
        let ids = names.filter(Self.isID)
        let others = names.filter { !Self.isID($0) }
        var entries: [[String]] = []
        if !ids.isEmpty { entries.append(["id: \(Self.list(ids))"]) }
        if !others.isEmpty { entries.append(["name: \(Self.list(others))"] + conditions) }
        if names.isEmpty { entries.append(conditions) }
        return entries.flatMap { conditions in
            ["  - archive: \(YAMLScalar.text(path))"] + variantLines
                + (conditions.isEmpty
                    ? ["    # Without `images`: all images of the archive."]
                    : ["    images:"] + conditions.map { "      \($0)" })
        }
    }

    /// The lines for `--name`: the copies are images of their own, as they are for files.
    private var variantLines: [String] {
        guard let name = options.imageName, !name.isEmpty else { return [] }
        return [
            "    # Copies of their own, beside those with other names.",
            "    variant: \(YAMLScalar.text(name))",
        ]
    }

    private var conditions: [String] {
        var lines: [String] = []
        if let owner = options.owner { lines.append("owner: \(YAMLScalar.text(owner))") }
        if !options.tags.isEmpty { lines.append("tags: \(Self.list(options.tags))") }
        if !options.properties.isEmpty {
            lines.append("properties:")
            lines += Self.mapping(options.properties).map { "  \($0)" }
        }
        return lines
    }

    private var promiseLines: [String] {
        if let checksum = options.checksum { return ["    checksum: \(checksum)"] }
        guard let list = options.checksumFile else { return [] }
        let place =
            Self.isURL(list)
            ? list : FilePath.absolute(list, in: FileManager.default.currentDirectoryPath)
        return ["    checksum_file: \(YAMLScalar.text(place))"]
    }

    private func imageLines(fileName: FileName) -> [String] {
        var lines: [String] = []
        if CopiedFiles.isCompressed(fileName) {
            lines += ["    # The image is sent decompressed.", "    decompress: auto"]
        }
        var fields: [String] = []
        if let name = options.imageName { fields.append("name: \(YAMLScalar.text(name))") }
        if let format = options.diskFormat {
            fields.append("disk_format: \(YAMLScalar.text(format))")
        }
        guard !fields.isEmpty else { return lines }
        return lines + ["    image:"] + fields.map { "      \($0)" }
    }

    // MARK: Targets

    var targetLines: [String] {
        var lines =
            switch target {
            case .cloud(let cloud): Self.lines(of: cloud)
            case .archive(let path): ["  - archive: \(YAMLScalar.text(path))"]
            }
        if let rule = options.onConflict {
            lines.append("    on_conflict: \(YAMLScalar.text(rule))")
        }
        if hasRecords, let name = options.imageName {
            lines += ["    image:", "      name: \(YAMLScalar.text(name))"]
        }
        return lines
    }

    private static func lines(of cloud: CloudPlace) -> [String] {
        ["  - cloud: \(YAMLScalar.text(cloud.name))"]
            + (cloud.region.map { ["    region: \(YAMLScalar.text($0))"] } ?? [])
    }

    // MARK: Words

    private static func list(_ words: [String]) -> String {
        "[\(words.map(YAMLScalar.text).joined(separator: ", "))]"
    }

    private static func mapping(_ pairs: [String: String]) -> [String] {
        pairs.sorted { $0.key < $1.key }.map {
            // Variables are not expanded in keys.
            "\(YAMLScalar.text($0.key).replacing("$$", with: "$")): \(YAMLScalar.text($0.value))"
        }
    }

    /// True for the id of an image. A name that looks like an id is rare, so such a word counts as
    /// an id.
    static func isID(_ word: String) -> Bool {
        let groups = word.split(separator: "-", omittingEmptySubsequences: false)
        return groups.map(\.utf8.count) == [8, 4, 4, 4, 12]
            && groups.joined().utf8.allSatisfy { $0.isHexadecimal }
    }
}

extension UInt8 {
    fileprivate var isHexadecimal: Bool {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            true
        default: false
        }
    }
}

extension String {
    /// The text on one line, so that it fits into a comment.
    fileprivate var withControlsEscaped: String {
        String(
            unicodeScalars.map { scalar in
                scalar.properties.generalCategory == .control ? " " : Character(scalar)
            })
    }
}
