// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import MigrationModel
import Yams

extension PipelineReader {
    /// Parses the whole file, key by key in the order of the format's reference.
    func pipeline() throws(TranshipError) -> Pipeline {
        let root = FileValue(reader: self, node: try root(), path: "", label: "a pipeline file")
        try refuseSavedPlan(root)
        let keys = try FileSection<PipelineRootKey>(root)
        let version = keys.require(
            .version, hint: Self.versionHint, standIn: 1, version)
        let name = keys.require(
            .name, hint: "add a name: the default journal is named after it", standIn: "",
            pipelineName)
        let sources = keys.require(.sources, standIn: [], some).compactMap { value in
            attemptWhole { try source(value) }
        }
        let targets = keys.require(.targets, standIn: [], some).compactMap { value in
            attemptWhole { try target(value) }
        }
        let projects = keys.read(.projects, projects)
        refuseUnmappable(sources, targets, hasTable: keys[.projects] != nil)
        refuseSharedSeries(sources)
        return Pipeline(
            version: version, name: name, sources: keptApart(sources), targets: targets,
            projects: projects,
            transfer: keys.read(.transfer) { try $0.choice(TransferMode.self) } ?? .auto,
            spool: keys.read(.spool, spool),
            verify: keys.read(.verify) { try $0.choice(VerificationMode.self) } ?? .proof,
            order: keys.read(.order) { try $0.choice(TransferOrder.self) } ?? .smallFirst,
            limits: keys.read(.limits, limits) ?? PipelineLimits(),
            hooks: keys.read(.hooks, hooks) ?? PipelineHooks(),
            journalKeepSeconds: keys.read(.journal, journalKeep),
            allowsEmpty: keys.read(.allowEmpty) { try $0.bool() } ?? false,
            baseDirectory: baseDirectory, text: text, textWithoutSecrets: textWithoutSecrets(),
            outsideTexts: outsideTexts(root.node, projects), file: file)
    }

    private static let versionHint = "write `version: 1`"

    private func refuseSavedPlan(_ root: FileValue) throws(TranshipError) {
        let keys = Set(try root.entries().map(\.key.text))
        guard keys.contains("entries"), keys.contains("version") else { return }
        throw root.refusal(
            "this is a saved plan, not a pipeline",
            hint: "name the pipeline, and the plan behind it: tranship run PIPELINE --plan FILE")
    }

    private func version(_ value: FileValue) throws(TranshipError) -> Int {
        let version: Int
        do {
            version = try value.integer(0...Int.max)
        } catch {
            throw error.hinting(Self.versionHint)
        }
        guard version == 1 else {
            throw value.refusal(
                "`version` is \(version), which this version of tranship cannot read",
                hint: version > 1
                    ? "\(Self.versionHint), unless a newer tranship is meant to read the file"
                    : Self.versionHint)
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
            path: keys.require(.path, standIn: "") { try $0.absolutePath() },
            maxBytes: keys.read(.max) { try $0.byteCount() })
    }

    private func hooks(_ value: FileValue) throws(TranshipError) -> PipelineHooks {
        let keys = try FileSection<HooksKey>(value)
        var hooks = PipelineHooks(
            onSuccess: keys.read(.onSuccess, command),
            onFailure: keys.read(.onFailure, command))
        for key in HooksKey.allCases { hooks.positions[key.rawValue] = keys[key]?.position }
        return hooks
    }

    /// Parses a program and its arguments. A path is relative to the pipeline file; a name without
    /// a slash is looked up in `PATH`.
    private func command(_ value: FileValue) throws(TranshipError) -> [String] {
        guard value.isList else {
            let hint =
                "write each word by itself, such as [notify, --failed]; no shell reads them"
            try value.refuseNull(hint: hint)
            throw value.refusal("\(value.label) must be a list of words", hint: hint)
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
        return keys.require(.keep, hint: "write `keep: 90d`", standIn: 0) { keep in
            let seconds = try keep.spanSeconds()
            guard seconds >= 86400 else {
                throw keep.refusal(
                    "`keep` is \(keep.shown), less than a day", hint: "write `keep: 90d`")
            }
            return seconds
        }
    }

    /// Refuses two sources that share a series: each run would replace the image of one source with
    /// that of the other.
    ///
    /// Compares only names that the file alone determines. The plan compares rendered names.
    private func refuseSharedSeries(_ sources: [Source]) {
        var seen: [String: (position: FilePosition, file: String?)] = [:]
        for source in sources {
            guard let series = source.knownSeries else { continue }
            let position = series.position ?? source.position
            if let first = seen[series.name] {
                let both = [first.file, source.fileName].compactMap(\.self)
                refuse(
                    refusal(
                        position,
                        isCopy && both.count == 2
                            ? "\(both[0]) and \(both[1]) share the series \"\(series.name)\", so "
                                + "each would replace the other"
                            : "this source and the one at \(first.position) share the series "
                                + "\"\(series.name)\"",
                        hint: "give each its own `series` or `name`"))
                continue
            }
            seen[series.name] = (position, source.fileName)
        }
    }

    /// Gives an ``URLSource/alias`` to each source that has the same address or path as an earlier
    /// one, and another name or series. Later runs find its image by the alias. In a copy of
    /// several files, also marks each file as one of several.
    private func keptApart(_ sources: [Source]) -> [Source] {
        var seen: [String: [String: String?]] = [:]
        func alias(_ place: String, _ name: NameTemplate, _ series: NameTemplate?) -> String? {
            // The lineages differ in this text.
            let words = (series ?? name).text
            let known = seen[place] ?? [:]
            let alias = known[words] ?? (known.isEmpty ? nil : " as \(words)")
            seen[place, default: [:]].updateValue(alias, forKey: words)
            return alias
        }
        return sources.map { source in
            switch source {
            case .url(var url):
                let address = url.url.prefix { $0 != "?" && $0 != "#" }
                let place = [
                    "url", address.removingPercentEncoding ?? String(address),
                    url.latest?.text ?? "", FileName.inQuery(of: url.url) ?? "",
                ]
                url.alias = alias(place.joined(separator: "\n"), url.image.name, url.series)
                return .url(url)
            case .file(var file) where !file.isGlob:
                let path = FilePath.absolute(file.pattern, in: baseDirectory)
                let place = ["file", path, file.latest?.text ?? ""]
                file.alias = alias(place.joined(separator: "\n"), file.image.name, file.series)
                file.isOneOfSeveral = isCopy && sources.count > 1
                return .file(file)
            case .cloud, .simplestreams, .file, .archive, .other: return source
            }
        }
    }
}

extension Source {
    /// The name of the source's file, without its folder; nil for other kinds.
    fileprivate var fileName: String? {
        guard case .file(let file) = self else { return nil }
        return PathText.lastComponent(Glob(file.pattern).literal ?? file.pattern)
    }

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
        case .cloud, .url, .simplestreams, .file, .archive, .other: return nil
        }
        guard let name = try? template.render(values) else { return nil }
        return (name, template.position)
    }
}
