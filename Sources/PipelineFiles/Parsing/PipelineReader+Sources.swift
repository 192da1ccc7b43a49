// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics

extension PipelineReader {
    /// Parses one entry of `sources`. One of four keys says which kind it is.
    func source(_ value: FileValue) throws(TranshipError) -> Source {
        switch try kind(of: value, among: ["cloud", "url", "file", "archive"], "a source") {
        case "cloud": .cloud(try cloudSource(value))
        case "url": .url(try urlSource(value))
        case "file": .file(try fileSource(value))
        default: .archive(try archiveSource(value))
        }
    }

    /// Returns the one key that says which kind of entry this is.
    func kind(of value: FileValue, among kinds: [String], _ what: String) throws(TranshipError)
        -> String
    {
        let all = kinds.map { "`\($0)`" }.joined(separator: ", ")
        guard value.isMapping else {
            throw value.refusal("\(what) must be a mapping with one of \(all)")
        }
        let keys = try value.entries()
        let found = keys.filter { kinds.contains($0.key) }
        if found.count > 1 {
            throw refusal(
                found[1].place,
                "\(what) has only one of \(all), but this one has `\(found[0].key)` and `\(found[1].key)`",
                hint: "start a new entry with a dash")
        }
        if let kind = found.first { return kind.key }
        let guess = keys.lazy.compactMap { Nearest.to($0.key, in: kinds) }.first
        throw value.refusal(
            "\(what) needs one of \(all)", hint: guess.map { "did you mean `\($0)`?" })
    }

    private func cloudSource(_ value: FileValue) throws(TranshipError) -> CloudSource {
        let keys = try FileSection<CloudSourceKey>(value)
        return CloudSource(
            cloud: try keys.required(.cloud).text(), region: try keys[.region]?.text(),
            interface: try interface(keys[.interface]), project: try keys[.project]?.text(),
            selection: try keys[.images].map { value throws(TranshipError) in
                try selection(value, from: .standard)
            } ?? .standard,
            exclude: try keys[.exclude].map { value throws(TranshipError) in
                let section = try FileSection<SelectionKey>(value)
                guard !section.isEmpty else {
                    throw value.refusal(
                        "`exclude` has no condition, so it would exclude every image")
                }
                return try selection(value, from: ImageSelection())
            },
            limitsImages: try limitsImages(keys[.limits]), position: keys.position)
    }

    func interface(_ value: FileValue?) throws(TranshipError) -> String? {
        try value?.choice(among: ["public", "internal", "admin"])
    }

    private func urlSource(_ value: FileValue) throws(TranshipError) -> URLSource {
        let keys = try FileSection<URLSourceKey>(value)
        let address = try keys.required(.url)
        let url = try httpURL(address)
        let file = FileName(url: url)
        let series = try series(keys[.series])
        let image = try template(
            keys[.image], fileExtension: file.fileExtension, at: keys.position)
        if file.stem.isEmpty, let place = usesOfStem(image.name, series?.name) {
            throw refusal(
                place ?? keys.position,
                "the name uses {stem}, but the address has no file name",
                hint: "give the image a `name`")
        }
        let proof = try checksums(keys[.checksum], keys[.checksumFile])
        return URLSource(
            url: url, checksum: proof.checksum, checksumFile: proof.file, image: image,
            series: series?.name, seriesHasSeveral: series?.hasSeveral ?? false,
            cacert: try keys[.cacert].map { value throws(TranshipError) in
                try value.path(of: value.text())
            },
            auth: try authentication(keys[.auth]), headers: try headers(keys[.headers]),
            limitsImages: try limitsImages(keys[.limits]), position: keys.position)
    }

    private func fileSource(_ value: FileValue) throws(TranshipError) -> FileSource {
        let keys = try FileSection<FileSourceKey>(value)
        let file = try keys.required(.file)
        let pattern = try file.withoutTilde(file.text())
        if FileName(pattern).text.isEmpty {
            throw file.refusal(
                "`file` is \(file.shown), which ends in a slash",
                hint: "name files, such as \(pattern)*.qcow2")
        }
        let series = try series(keys[.series])
        let proof = try checksums(keys[.checksum], keys[.checksumFile])
        let source = FileSource(
            pattern: pattern, checksum: proof.checksum, checksumFile: proof.file,
            image: try template(
                keys[.image], fileExtension: FileName(pattern).fileExtension, at: keys.position),
            series: series?.name, seriesHasSeveral: series?.hasSeveral ?? false,
            limitsImages: try limitsImages(keys[.limits]), position: keys.position)
        if source.isGlob, let checksum = keys[.checksum] {
            throw checksum.refusal(
                "one `checksum` cannot be right for every file that \(file.shown) matches",
                hint: "use `checksum_file`")
        }
        return source
    }

    private func archiveSource(_ value: FileValue) throws(TranshipError) -> ArchiveSource {
        let keys = try FileSection<ArchiveSourceKey>(value)
        let archive = try keys.required(.archive)
        let series = try series(keys[.series])
        return ArchiveSource(
            path: try archive.path(of: archive.text()),
            image: try keys[.image].map { value throws(TranshipError) in
                try imageFields(value)
            },
            series: series?.name, seriesHasSeveral: series?.hasSeveral ?? false,
            limitsImages: try limitsImages(keys[.limits]), position: keys.position)
    }

    private func limitsImages(_ value: FileValue?) throws(TranshipError) -> Int? {
        guard let value else { return nil }
        return try FileSection<SourceLimitsKey>(value)[.images]?.integer(1...1000)
    }

    private func series(_ value: FileValue?) throws(TranshipError)
        -> (name: NameTemplate, hasSeveral: Bool)?
    {
        guard let value else { return nil }
        guard value.isMapping, source(at: value.position).first != "{" || hasSeriesKeys(value)
        else { return (try value.nameTemplate(.source), false) }
        let keys = try FileSection<SeriesKey>(value)
        return (
            try keys.required(.name).nameTemplate(.source), try keys[.several]?.bool() ?? false
        )
    }

    /// Returns true for `{ name: x }`, and false for `{stem}`, a name without its quotes.
    private func hasSeriesKeys(_ value: FileValue) -> Bool {
        guard let entries = try? value.entries() else { return false }
        return entries.contains { !isNull($0.value) }
    }

    /// The place of the first template that uses `{stem}`, or nil if none does.
    private func usesOfStem(_ templates: NameTemplate?...) -> FilePosition?? {
        templates.compactMap(\.self).first { $0.placeholders.contains(.stem) }.map(\.position)
    }
}
