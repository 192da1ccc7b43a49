// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel

/// A conversion of a catalogue's images to sources of a pipeline, one by one.
struct OIMConversion {
    let settings: OIMCatalogue.Settings
    /// The lines of each source.
    private(set) var sources: [[String]] = []
    /// The remarks about the current file, each with its line.
    private var notes: [(line: Int, text: String)] = []
    /// The remarks about the files that have ended, in the order of their lines.
    private(set) var remarks: [String] = []
    private var names: Set<String> = []
    /// The number of earlier versions that each image wants to keep; nil for all of them.
    private var keeps: [(name: String, count: Int?)] = []
    /// The number of versions that an image wants to keep, in its own words, and their place.
    private var keepWords: [(place: String, name: String, words: String)] = []

    init(settings: OIMCatalogue.Settings) { self.settings = settings }

    /// The keys of an image and of a version that are carried over, or that have no meaning here.
    private static let imageKeys: Set = [
        "name", "enable", "format", "latest_checksum_url", "latest_url", "login", "meta",
        "min_disk",
        "min_ram", "multi", "status", "separator", "tags", "versions", "visibility",
    ]
    private static let versionKeys: Set = [
        "version", "url", "checksum", "checksums_url", "checksum_url", "build_date", "hidden",
        "image_description", "meta", "os_version", "source", "visibility",
    ]

    private mutating func remark(_ value: CatalogueValue, _ name: String, _ words: String) {
        notes.append((value.line, "\(value.place): \(name): \(words)"))
    }

    /// Ends a file. Call it after the last image of each file.
    mutating func endFile() {
        remarks += notes.sorted { $0.line < $1.line }.map(\.text)
        notes = []
    }

    /// Ends the catalogue. Call it after the last file.
    mutating func endCatalogue() {
        guard keepOfAll == nil, let whole = keeps.first(where: { $0.count == nil }) else { return }
        remarks += keepWords.map { one in
            "\(one.place): \(one.name): `uuid_validity: \(one.words)` is not `keep`: a rule holds for "
                + "all images of a target, and \(whole.name) keeps all versions"
        }
    }

    mutating func add(_ image: CatalogueValue) {
        guard let name = image["name"]?.text, !name.isEmpty else {
            return notes.append(
                (image.line, "\(image.place): an image without a name is left out"))
        }
        if let enable = image["enable"], !enable.isTrue {
            return remark(enable, name, "left out, because it is not enabled")
        }
        let versions = (image["versions"]?.list ?? []).filter { $0["version"]?.text != nil }
            .sorted {
                VersionOrder.isEarlier($0["version"]?.text ?? "", $1["version"]?.text ?? "")
            }
        for (key, value) in image.members where !Self.imageKeys.contains(key) {
            remark(value, name, Self.words(onKey: key))
        }
        if let status = image["status"], status.text != "active" {
            remark(status, name, "`status: \(status.text ?? "")` has no counterpart: it is active")
        }
        if image["multi"].map(\.isTrue) == false {
            // Each version is an image of its own, under its own name.
            if versions.isEmpty { remark(image, name, "left out, because it has no version") }
            if !settings.isPinned, let latest = image["latest_url"] {
                remark(
                    latest, name,
                    "`latest_url` is not followed: with `multi: false` each version is an image of "
                        + "its own, and stays")
            }
            let separator = image["separator"]?.text ?? " "
            for version in versions {
                let own =
                    (version["version"]?.text).map { $0 == "latest" ? "" : separator + $0 } ?? ""
                addSource(image, version, named: name + own)
            }
        } else {
            addNewest(image, versions, name)
        }
    }

    /// Adds an image whose versions follow each other under one name.
    private mutating func addNewest(
        _ image: CatalogueValue, _ versions: [CatalogueValue], _ name: String
    ) {
        if let separator = image["separator"] {
            remark(
                separator, name, "`separator` is left out: earlier versions are named by their day")
        }
        let newest = versions.last
        let followed = settings.isPinned ? nil : image["latest_url"]
        for version in versions.dropLast() {
            remark(
                version, name,
                "version \(version["version"]?.text ?? "") is left out: a series has its newest one"
            )
        }
        if newest == nil, followed == nil {
            return remark(
                image, name,
                image["latest_url"] == nil
                    ? "left out, because it has no version"
                    : "left out, because no version is listed")
        }
        if let followed, let newest, newest["version"]?.text != "latest" {
            remark(
                newest, name,
                "version \(newest["version"]?.text ?? "") is not pinned: the source follows "
                    + "\(followed.text.map(Self.shown) ?? "`latest_url`"); `--pinned` keeps the version"
            )
        }
        addSource(image, newest, named: name, followed: followed)
    }

    /// - Parameter followed: the address of the latest version, if the source follows it.
    private mutating func addSource(
        _ image: CatalogueValue, _ version: CatalogueValue?, named name: String,
        followed: CatalogueValue? = nil
    ) {
        let place = version ?? image
        guard names.insert(name).inserted else {
            return remark(place, name, "left out, because another image has this name")
        }
        for (key, value) in version?.members ?? [] where !Self.versionKeys.contains(key) {
            remark(value, name, Self.words(onKey: key))
        }
        guard let address = (followed ?? version?["url"])?.text else {
            return remark(place, name, "left out, because it has no `url`")
        }
        guard let data = data(address, image, version, name, followed: followed != nil) else {
            return
        }
        var lines = data
        lines += ["series: \(YAMLScalar.name(name))", "image:"]
        lines += record(image, version, name, followed: followed).map { "  \($0)" }
        do throws(TranshipError) {
            let alone = text(of: [lines], keep: nil, from: [])
            _ = try Pipeline.parse(text: alone, file: "\(name)", environment: [:])
        } catch {
            let words = error.message.replacing(#/^.*?:\d+:\d+: /#, with: "")
            return remark(place, name, "left out: \(words)")
        }
        sources.append(lines)
        if image["multi"].map(\.isTrue) != false { keeps.append((name, keep(image, name))) }
    }

    private static func words(onKey key: String) -> String {
        switch key {
        case "id": "`id` is left out: the service chooses the ids of copies"
        case "shortname": "`shortname` is left out: it names the folder of a mirror"
        case "mirror_url": "`mirror_url` is left out; to use it, write it as `url`"
        default: "`\(key)` has no counterpart"
        }
    }

    // MARK: Parts of a source

    /// Returns the lines for the location of the data and its checksum; nil if the data cannot be
    /// read.
    private mutating func data(
        _ address: String, _ image: CatalogueValue, _ version: CatalogueValue?, _ name: String,
        followed: Bool
    ) -> [String]? {
        let place = version ?? image
        var lines: [String]
        var file = FileName(address)
        if address.hasPrefix("http://") || address.hasPrefix("https://") {
            if OIMPattern.isIn(address) {
                let written = followed ? image["latest_url"] : version?["url"]
                guard let pattern = pattern(address, written ?? place, name) else { return nil }
                lines = [
                    "url: \(YAMLScalar.text(pattern.url))",
                    "latest: \(YAMLScalar.text(pattern.latest))",
                ]
                file = FileName(pattern.latest)
            } else {
                lines = ["url: \(YAMLScalar.text(address))"]
            }
        } else if address.hasPrefix("file:") {
            let path = address.dropFirst("file:".count)
            lines = [
                "file: \(YAMLScalar.text(path.hasPrefix("//") ? String(path.dropFirst(2)) : "\(path)"))"
            ]
        } else {
            remark(place, name, "left out: \(shownURL(address)) is neither http, https nor file")
            return nil
        }
        switch file.fileExtension {
        case "xz", "gz", "bz2", "zst": lines.append("decompress: auto")
        case "zip":
            remark(place, name, "left out: Tranship does not unpack zip (\(shownURL(address)))")
            return nil
        default: break
        }
        let list =
            followed
            ? image["latest_checksum_url"] : version?["checksums_url"] ?? version?["checksum_url"]
        if let list = list?.text {
            lines.append("checksum_file: \(YAMLScalar.text(list))")
        } else if !followed, let given = version?["checksum"] {
            if let checksum = Self.checksum(given.text ?? "") {
                lines.append("checksum: \(checksum)")
            } else {
                remark(
                    given, name,
                    "the checksum is left out, and nothing proves what arrives: it is not an md5, "
                        + "sha1, sha256 or sha512"
                )
            }
        } else {
            remark(place, name, "has no checksum: nothing proves what arrives")
        }
        return lines
    }

    /// Returns the pattern in an address, with a remark on what it becomes; nil if it has no
    /// counterpart.
    private mutating func pattern(
        _ address: String, _ place: CatalogueValue, _ name: String
    ) -> OIMPattern? {
        guard let pattern = OIMPattern(address) else {
            remark(
                place, name,
                "left out: the pattern in \(shownURL(address)) has no counterpart; write a source "
                    + "with `latest`")
            return nil
        }
        remark(
            place, name,
            "the pattern of the address is `latest: \(pattern.latest)`, in which `@v` may be any "
                + "version")
        return pattern
    }

    /// Returns an address for remarks, with `@v` in place of a pattern.
    private static func shown(_ address: String) -> String {
        OIMPattern(address).map { shownURL($0.url) + $0.latest } ?? shownURL(address)
    }

    private static func checksum(_ text: String) -> Checksum? {
        if let checksum = try? Checksum(text) { return checksum }
        return Checksum.Algorithm.allCases.lazy.compactMap { try? Checksum($0, text) }.first
    }

    private mutating func record(
        _ image: CatalogueValue, _ version: CatalogueValue?, _ name: String,
        followed: CatalogueValue?
    ) -> [String] {
        var lines = ["name: \(YAMLScalar.name(name))"]
        if let format = image["format"]?.text {
            lines.append("disk_format: \(YAMLScalar.text(format))")
        }
        for key in ["min_disk", "min_ram"] {
            if let number = image[key]?.text { lines.append("\(key): \(YAMLScalar.text(number))") }
        }
        var tags = (image["tags"]?.list ?? []).compactMap(\.text)
        // openstack-image-manager adds this tag, too.
        if let distro = image["meta"]?["os_distro"]?.text { tags.append("os:\(distro)") }
        if !tags.isEmpty {
            lines.append("tags: [\(tags.map(YAMLScalar.text).joined(separator: ", "))]")
        }
        let properties = properties(image, version, followed: followed, name)
        if !properties.isEmpty {
            lines.append("properties:")
            lines += properties.map { "  \(YAMLScalar.text($0.0)): \(YAMLScalar.text($0.1))" }
        }
        if let visibility = (version?["visibility"] ?? image["visibility"])?.text {
            lines.append("visibility: \(YAMLScalar.text(visibility))")
        }
        if version?["hidden"]?.isTrue == true { lines.append("hidden: true") }
        return lines
    }

    /// Returns the properties that openstack-image-manager would set.
    private mutating func properties(
        _ image: CatalogueValue, _ version: CatalogueValue?, followed: CatalogueValue?,
        _ name: String
    ) -> [(String, String)] {
        let imageName = image["name"]?.text ?? name
        var found = ["image_description": imageName, "image_name": imageName]
        let number = version?["version"]?.text
        let isKnown = followed == nil && number != "latest"
        if image["multi"].map(\.isTrue) == false {
            found["os_version"] = number
        } else if let version = version?["os_version"]?.text {
            found["os_version"] = version
        }
        found["image_original_user"] = image["login"]?.text
        found["image_source"] = Self.publicSource((followed ?? version?["url"])?.text)
        if isKnown {
            found["internal_version"] = number
            found["image_build_date"] = version?["build_date"]?.text
        }
        // The version's own properties come last, so that they replace those of the image.
        let members = (image["meta"]?.members ?? []) + (version?["meta"]?.members ?? [])
        for (key, value) in members {
            guard let text = value.text else {
                remark(value, name, "`meta.\(key)` is left out: it has no text")
                continue
            }
            if key == "os_version", image["multi"].map(\.isTrue) == false { continue }
            found[key] = text
        }
        if let description = version?["image_description"]?.text {
            found["image_description"] = description
        }
        return found.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// Returns the address of the data for a property. Leaves out the folders of a file, which are
    /// private, and the user and the query of an address, which may be credentials: anyone who sees
    /// the image can read the property.
    private static func publicSource(_ address: String?) -> String? {
        guard let address, address.hasPrefix("file:") else {
            return address.map { shownURL(OIMPattern($0)?.url ?? $0) }
        }
        return "file:" + FileName(address).text
    }

    /// Returns the number of earlier versions to keep (SCS-0102); nil for all.
    private mutating func keep(_ image: CatalogueValue, _ name: String) -> Int? {
        guard let validity = image["meta"]?["uuid_validity"], let text = validity.text else {
            return nil
        }
        let last = text.firstMatch(of: #/^last-(\d+)$/#).flatMap { Int($0.1) }
        if let count = text == "none" ? 0 : last.map({ max($0 - 1, 0) }) {
            keepWords.append((validity.place, name, text))
            return count
        }
        if !["notice", "forever"].contains(text) {
            remark(validity, name, "`uuid_validity: \(text)` is left out: all versions stay")
        }
        return nil
    }

    /// The number of earlier versions to keep for all images: the largest one, so that no version
    /// is deleted that an image wants to keep. Nil for all.
    private var keepOfAll: Int? {
        let known = keeps.compactMap { $0.count }
        return known.count == keeps.count ? known.max() : nil
    }

    // MARK: The file

    /// Returns the whole pipeline file.
    func text(from files: [String]) -> String {
        text(of: sources, keep: keepOfAll, from: files)
    }

    private func text(of sources: [[String]], keep: Int?, from files: [String]) -> String {
        var lines: [String] = []
        if !files.isEmpty {
            let shown = files.map { $0.replacing(#/\s/#, with: " ") }.joined(separator: ", ")
            lines += ["# Written by `tranship import-oim` from \(shown.prefix(500))."]
        }
        lines += ["version: 1", "name: \(YAMLScalar.text(settings.name))", "", "sources:"]
        for source in sources {
            for (index, line) in source.enumerated() {
                lines.append((index == 0 ? "  - " : "    ") + line)
            }
            lines.append("")
        }
        lines += [
            "targets:", "  - cloud: \(YAMLScalar.text(settings.cloud))",
            "    # Earlier versions get the name `Name (day checksum)`.", "    previous: rename",
        ]
        if let keep, !files.isEmpty {
            lines += [
                "    # The most that `uuid_validity` of any image asks for. With the next line, older",
                "    # versions are deleted; without it, they stay.",
                "    keep: \(keep)", "    # expired: { action: delete, after: 30d }",
            ]
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
