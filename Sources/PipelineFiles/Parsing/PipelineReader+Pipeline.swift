// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import Yams

extension PipelineReader {
    /// Parses the whole file, key by key in the order of the format's reference.
    func pipeline() throws(TranshipError) -> Pipeline {
        let root = FileValue(reader: self, node: try root(), path: "", label: "a pipeline file")
        // First, because keys of a newer version would look like mistakes.
        let version = try version(root)
        let keys = try FileSection<PipelineRootKey>(root)
        let name = try pipelineName(
            keys.required(.name, hint: "the default journal is named after it"))
        let sources = try some(keys.required(.sources)).map(source)
        let targets = try some(keys.required(.targets)).map(target)
        let projects = try keys[.projects].map(projects)
        try refuseUnmappable(sources, targets, projects)
        try refuseSharedSeries(sources)
        return Pipeline(
            version: version, name: name, sources: sources, targets: targets,
            projects: projects,
            transfer: try keys[.transfer]?.choice(TransferMode.self) ?? .auto,
            spool: try keys[.spool].map(spool),
            verify: try keys[.verify]?.choice(VerificationMode.self) ?? .proof,
            order: try keys[.order]?.choice(TransferOrder.self) ?? .smallFirst,
            limits: try keys[.limits].map(limits) ?? PipelineLimits(),
            hooks: try keys[.hooks].map(hooks) ?? PipelineHooks(),
            journalKeepSeconds: try keys[.journal].map(journalKeep),
            allowsEmpty: try keys[.allowEmpty]?.bool() ?? false,
            baseDirectory: baseDirectory, text: text, textWithoutSecrets: textWithoutSecrets(),
            file: file)
    }

    private func version(_ root: FileValue) throws(TranshipError) -> Int {
        let hint = "write `version: 1`"
        let entries = try root.entries()
        guard let entry = entries.first(where: { $0.key.text == "version" }) else {
            let mistyped = entries.first { Nearest.to($0.key.text, in: ["version"]) != nil }
            if let mistyped { throw FileSection<PipelineRootKey>.unknown(mistyped.key, self) }
            throw root.refusal("a pipeline needs `version`", hint: hint)
        }
        let value = FileValue(
            reader: self, node: entry.value, path: "version", label: "`version`")
        let version = try value.integer(0...Int.max)
        guard version == 1 else {
            throw value.refusal(
                "`version` is \(version), which this version of tranship cannot read",
                hint: version > 1 ? "use a newer tranship; this one reads `version: 1` only" : hint)
        }
        return version
    }

    private func pipelineName(_ value: FileValue) throws(TranshipError) -> String {
        let name = try value.text()
        guard name.utf8.first?.isAlphanumeric == true, name.utf8.count <= 100,
            name.utf8.allSatisfy({ $0.isAlphanumeric || "._-".utf8.contains($0) })
        else {
            throw value.refusal(
                "`name` is \(value.shown), but must be letters, digits, \".\", \"_\" and \"-\"",
                hint: "start with a letter or digit and use at most 100 characters; the default "
                    + "journal is named after it")
        }
        return name
    }

    private func some(_ value: FileValue) throws(TranshipError) -> [FileValue] {
        let values = try value.list()
        guard !values.isEmpty else {
            throw value.refusal("\(value.label) is empty: it needs at least one entry")
        }
        return values
    }

    private func spool(_ value: FileValue) throws(TranshipError) -> SpoolSetting {
        guard value.isMapping else {
            return SpoolSetting(path: try value.absolutePath(), maxBytes: nil)
        }
        let keys = try FileSection<SpoolKey>(value)
        return SpoolSetting(
            path: try keys.required(.path).absolutePath(),
            maxBytes: try keys[.max]?.byteCount())
    }

    private func hooks(_ value: FileValue) throws(TranshipError) -> PipelineHooks {
        let keys = try FileSection<HooksKey>(value)
        return PipelineHooks(
            onSuccess: try keys[.onSuccess].map(command),
            onFailure: try keys[.onFailure].map(command))
    }

    /// Parses a program and its arguments. A path is relative to the pipeline file; a name without a
    /// slash is looked up in `PATH`.
    private func command(_ value: FileValue) throws(TranshipError) -> [String] {
        guard value.isList else {
            throw value.refusal(
                "\(value.label) must be a list of words, but is \(value.shown)",
                hint: "write each word by itself, such as [notify, --failed]; no shell reads them")
        }
        let entries = try value.list()
        guard let program = entries.first else {
            throw value.refusal("\(value.label) is empty: it needs a program")
        }
        let name = try program.pathText()
        var words = [name.contains("/") ? try program.absolutePath() : name]
        for entry in entries.dropFirst() { words.append(try entry.text()) }
        return words
    }

    private func journalKeep(_ value: FileValue) throws(TranshipError) -> Int64 {
        let keys = try FileSection<JournalKey>(value)
        let keep = try keys.required(.keep, hint: "write `keep: 90d`")
        let seconds = try keep.spanSeconds()
        guard seconds >= 86400 else {
            throw keep.refusal(
                "`keep` is \(keep.shown), less than a day", hint: "write `keep: 90d`")
        }
        return seconds
    }

    private func limits(_ value: FileValue) throws(TranshipError) -> PipelineLimits {
        let keys = try FileSection<LimitsKey>(value)
        let standard = PipelineLimits()
        return PipelineLimits(
            images: try keys[.images]?.integer(1...1000) ?? standard.images,
            bandwidthBytesPerSecond: try keys[.bandwidth]?.byteRate(),
            attempts: try keys[.attempts]?.integer(1...1000) ?? standard.attempts,
            deletes: try keys[.deletes]?.integer(0...1_000_000) ?? standard.deletes,
            decompressedBytes: try keys[.decompressedSize]?.byteCount()
                ?? standard.decompressedBytes,
            decompressedRatio: try keys[.decompressedRatio]?.integer(1...1_000_000)
                ?? standard.decompressedRatio)
    }

    /// Refuses two sources that share a series: each run would replace the image of one source with
    /// that of the other.
    ///
    /// Compares only names that the file alone determines. The plan compares rendered names.
    private func refuseSharedSeries(_ sources: [Source]) throws(TranshipError) {
        var seen: [String: FilePosition] = [:]
        for source in sources {
            guard let series = source.knownSeries else { continue }
            if let first = seen[series.name] {
                throw refusal(
                    series.position ?? source.position,
                    "this source and the one at \(first) share the series \"\(series.name)\"",
                    hint: "give each its own `series` or `name`")
            }
            seen[series.name] = series.position ?? source.position
        }
    }
}

extension Source {
    /// The series, if the file alone determines its name.
    fileprivate var knownSeries: (name: String, position: FilePosition?)? {
        let template: NameTemplate
        var values = PlaceholderValues()
        switch self {
        case .url(let source) where !source.seriesHasSeveral:
            template = source.series ?? source.image.name
            values.stem = FileName.isUnknown(url: source.url) ? nil : source.stem
        case .file(let source) where !source.seriesHasSeveral:
            template = source.series ?? source.image.name
            values.stem =
                source.isGlob ? nil : source.decompress.name(FileName(source.pattern)).stem
        default: return nil
        }
        guard let name = try? template.render(values) else { return nil }
        return (name, template.position)
    }
}
