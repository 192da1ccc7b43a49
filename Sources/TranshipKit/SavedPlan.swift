// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import Foundation
internal import MigrationJournal
public import MigrationModel

/// A plan as a file, so that a run does exactly what an operator has reviewed.
///
/// The file is JSON, and a text for people is beside it. It has one entry for each image and
/// target, with the planned action. ``PipelinePlan/saved()`` makes it. A run compares its own plan
/// with the file and takes nothing that it opens, sends or deletes from the file. There is one
/// exception: if a target offers several methods for `method: auto`, the run takes the method in
/// the file, because the measurements may have changed.
public struct SavedPlan: Codable, Hashable, Sendable {
    public struct Entry: Codable, Hashable, Sendable {
        public var source: String
        public var target: String
        /// The id of the data: it changes when the source's data changes.
        public var version: String
        public var action: PlanAction
        /// The fields of the copy: name, visibility, properties, method and the rest. For a refused
        /// image, the reason.
        public var fields: [String: String]
        /// True if the copy is at the target, published with exactly these fields. An entry that a
        /// saved plan has and that is done in the meantime does not count as drift.
        public var isDone = false
        /// True if the copy is at the target and only a last step is missing: it has to be proved,
        /// published, or copied into further stores. Set only in a plan that was made now; a file
        /// does not have it.
        var isBegun = false
    }

    /// The version of the format that this program writes and reads.
    public static let formatVersion = 4

    public var version: Int
    public var pipeline: String
    /// The settings of the pipeline file, key by key, as ``Pipeline/keyTexts`` returns them.
    public var settings: [String: String]
    public var entries: [Entry]
    /// The changes of earlier versions: the action for each image at a target.
    public var changes: [String: String]?
    /// The sources and targets that did not answer when the plan was made, such as `source old`:
    /// the plan has no entries for them. Nil if all answered.
    public var absent: [String]?
    /// The lines of `projects`, by the project at the sources; nil without a table.
    public var projects: [String: String]?
    /// For each target, the ids of its projects by the ids of the projects at the sources: the
    /// table for which its entries write `map`.
    public var members: [String: [String: String]]?
    /// The names of projects in ``entries``, by id, for people. They are not compared.
    public var projectNames: [String: String]?

    /// The maximum size of a file to read, 1 GiB: some million images.
    private static let fileBytesMax = 1 << 30

    /// Writes the plan, and its text for people beside it: `plan.txt` for `plan.json`.
    ///
    /// Only this user can read the files (0600). Does not follow a link in their place, and
    /// replaces no file except an earlier plan.
    ///
    /// - Throws: ``TranshipError/Code/usage``.
    public func write(to path: String) throws(TranshipError) {
        let textPath = Self.textPath(beside: path)
        for (place, begin) in [(path, "{"), (textPath, Self.textBegin)] {
            guard Self.isFree(place, forTextThatBegins: begin) else {
                throw TranshipError(
                    .usage, "\(place) is there already, and is not a saved plan",
                    hint: "name another file with --save, or remove it")
            }
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let data: Data
        do {
            let json = String(decoding: try encoder.encode(self), as: UTF8.self)
            data = Data(json.withControlsEscapedAsJSON.utf8)
        } catch {
            throw TranshipError(
                .usage, "cannot write the plan to \(path): \(error.systemWords)")
        }
        try OwnFile.replace(path, with: data)
        try OwnFile.replace(textPath, with: Data(text.utf8))
    }

    private static let textBegin = "plan of the pipeline "

    /// True if a plan may be written to the path. A pipeline file may also be JSON, so a plan is
    /// read as a whole to recognize it.
    private static func isFree(_ path: String, forTextThatBegins begin: String) -> Bool {
        do throws(WholeFile.Problem) {
            let count = begin.utf8.count
            guard let head = try WholeFile.head(path, bytes: count, followsLinks: false),
                !head.isEmpty
            else { return true }
            guard head == Array(begin.utf8) else { return false }
            guard begin == "{" else { return true }
            let data = Data(try WholeFile.read(path, bytesMax: fileBytesMax))
            return (try? JSONDecoder().decode(Head.self, from: data)) != nil
        } catch .special {
            // Links, folders and the like are refused when the plan is written.
            return true
        } catch {
            return false
        }
    }

    /// The part that plans of all format versions have.
    private struct Head: Decodable {
        var version: Int
        var pipeline: String
        var entries: [Entry]

        struct Entry: Decodable {}
    }

    /// Returns the path of the text for people.
    public static func textPath(beside path: String) -> String {
        (path.hasSuffix(".json") ? String(path.dropLast(".json".count)) : path) + ".txt"
    }

    /// Reads a saved plan.
    ///
    /// - Throws: ``TranshipError/Code/usage`` if the file is not a saved plan, or has the format of
    ///   another version of this program.
    public static func read(from path: String) throws(TranshipError) -> SavedPlan {
        // `--save` replaces only plans, so suggest another name if the file exists.
        let place = access(path, F_OK) == 0 ? "FILE.json" : path
        let hint = "make one with `tranship plan PIPELINE --save \(place)`"
        do {
            let data = Data(try WholeFile.read(path, bytesMax: fileBytesMax))
            let version = try JSONDecoder().decode(Format.self, from: data).version
            guard version == formatVersion else {
                throw TranshipError(
                    .usage,
                    "\(path) is a saved plan in format \(version), and this version of tranship "
                        + "reads format \(formatVersion) only",
                    hint: "make a new one with `tranship plan PIPELINE --save \(path)`")
            }
            return try JSONDecoder().decode(SavedPlan.self, from: data)
        } catch let error as TranshipError {
            throw error
        } catch let problem as WholeFile.Problem {
            throw TranshipError(
                .usage, "\(path) is not a saved plan: it \(problem.words)", hint: hint)
        } catch let error as DecodingError {
            throw TranshipError(.usage, "\(path) is not a saved plan: \(error.words)", hint: hint)
        } catch {
            throw TranshipError(
                .usage, "\(path) is not a saved plan: \(error.systemWords)", hint: hint)
        }
    }

    private struct Format: Decodable {
        var version: Int
    }
}

// MARK: Digests

extension SavedPlan {
    /// The sha256 of everything in the plan, for a sign-off: equal digests mean equal plans.
    public var digest: String {
        var words = ["pipeline", pipeline]
        for (key, value) in settings.sorted(by: { $0.key < $1.key }) { words += [key, value] }
        for (image, action) in (changes ?? [:]).sorted(by: { $0.key < $1.key }) {
            words += [image, action]
        }
        for name in absent ?? [] { words += ["absent", name] }
        words += Self.words("project", projects ?? [:])
        for (target, table) in (members ?? [:]).sorted(by: { $0.key < $1.key }) {
            words += Self.words("members at \(target)", table)
        }
        words += Self.words("name", projectNames ?? [:])
        return Self.digest(of: words + entries.map(\.digest))
    }

    private static func words(_ what: String, _ table: [String: String]) -> [String] {
        table.sorted { $0.key < $1.key }.flatMap { [what, $0.key, $0.value] }
    }

    /// Returns the digest of words. The length of each word comes before it, so words cannot run
    /// into each other.
    fileprivate static func digest(of words: [String]) -> String {
        TextDigest.sha256(words.map { "\($0.utf8.count):\($0)" }.joined())
    }
}

extension SavedPlan.Entry {
    private enum Key: String, CodingKey {
        case source, target, version, action, fields, digest, done
    }

    /// The sha256 of the entry: of the version of the data, the record, the method and the rules.
    public var digest: String {
        SavedPlan.digest(
            of: [source, target, version, action.rawValue]
                + fields.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] })
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Key.self)
        source = try values.decode(String.self, forKey: .source)
        target = try values.decode(String.self, forKey: .target)
        version = try values.decode(String.self, forKey: .version)
        action = try values.decode(PlanAction.self, forKey: .action)
        fields = try values.decode([String: String].self, forKey: .fields)
        isDone = try values.decodeIfPresent(Bool.self, forKey: .done) ?? false
        guard try values.decode(String.self, forKey: .digest) == digest else {
            throw TranshipError(
                .usage,
                "the entry of \(source) at \(target) was changed after the plan was saved: its "
                    + "digest does not match",
                hint: "change the pipeline file instead, and save the plan again")
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: Key.self)
        try values.encode(source, forKey: .source)
        try values.encode(target, forKey: .target)
        try values.encode(version, forKey: .version)
        try values.encode(action, forKey: .action)
        try values.encode(fields, forKey: .fields)
        try values.encode(digest, forKey: .digest)
        if isDone { try values.encode(true, forKey: .done) }
    }
}

// MARK: Text

extension SavedPlan {
    /// The plan for people: the action for each image at each target, field by field.
    public var text: String {
        var lines = [Self.textBegin + pipeline, "digest \(digest)", ""]
        let counts = Dictionary(grouping: entries, by: \.action).mapValues(\.count)
        lines.append(
            PlanAction.allCases.map { "\(counts[$0] ?? 0) \($0.countedWord)" }
                .joined(separator: ", "))
        lines += (absent ?? []).map { "without \($0), which did not answer" }
        let names = ProjectWords(projectNames ?? [:])
        for entry in entries {
            lines.append("")
            lines.append("\(entry.action.rawValue) \(entry.source) -> \(entry.target)")
            lines.append("  digest: \(entry.digest)")
            lines.append("  data: \(entry.version)")
            for (key, value) in entry.fields.sorted(by: { $0.key < $1.key }) {
                let shown =
                    Self.projectKeys.contains(key)
                    ? names.words(ofProject: value)
                    : key == Self.membersKey ? names.naming(projectsIn: value) : value
                lines.append("  \(key): \(shown)")
            }
        }
        lines += Self.section("which project gets the images of which", projects ?? [:])
        for (target, table) in (members ?? [:]).sorted(by: { $0.key < $1.key }) {
            lines += Self.section("members at \(target), by their projects at the sources", table)
                .map { names.naming(projectsIn: $0) }
        }
        lines += Self.section("what becomes of earlier versions", changes ?? [:])
        lines += Self.section("the pipeline file, key by key", settings)
        // A name may contain any character, and each line of the text must be one line of the plan.
        return lines.map(\.withControlsShown).joined(separator: "\n") + "\n"
    }

    /// The fields of an entry that are the id of a project.
    private static let projectKeys: Set<String> = ["owner", sourceProjectKey]
    fileprivate static let sourceProjectKey = "source project"
    /// The key for the ids of the projects that a copy is shared with.
    fileprivate static let membersKey = "shared with"

    private static func section(_ title: String, _ values: [String: String]) -> [String] {
        guard !values.isEmpty else { return [] }
        return ["", title] + values.sorted { $0.key < $1.key }.map { "  \($0.key): \($0.value)" }
    }
}

extension SavedPlan.Entry {
    /// - Parameters:
    ///   - item: an item that has been decided.
    ///   - members: the target's table of members in ``SavedPlan/members``.
    init(_ item: PlanItem, members: [String: String]? = nil) {
        source = item.source.key
        target = item.targetKey
        version = item.origin.versionID
        action = item.action ?? .refuse
        if case .alreadyAtTarget = item.reason, action == .skip {
            isDone = !item.notes.contains { if case .fieldsChanged = $0 { true } else { false } }
        }
        switch item.reason {
        case .toBePublished, .toBeProved, .missingInStores: isBegun = action == .update
        default: break
        }
        fields =
            action == .refuse
            ? ["reason": item.refusal?.message ?? item.reason?.words ?? ""]
            : Self.fields(of: item, members)
    }

    /// Returns the fields, with the names that pipeline files use.
    private static func fields(
        of item: PlanItem, _ members: [String: String]?
    ) -> [String: String] {
        // Use the intent that the transfer starts with, if there is a transfer.
        let intent = item.start?.intent ?? item.intent
        let record = intent.record
        var fields: [String: String?] = [
            // Use the later name: until the copy is current, its name has the day in it.
            "name": record.shownName, "disk_format": record.diskFormat,
            "container_format": record.containerFormat, "min_disk": "\(record.minDiskGiB)",
            "min_ram": "\(record.minRAMMiB)",
            // The service lists tags in any order.
            "tags": record.tags.sorted().joined(separator: ", "),
            "keep_id": record.keptID?.rawValue, "owner": record.ownerID,
            "stores": text(record.stores),
            "all_stores_must_succeed": "\(record.allStoresMustSucceed)",
            "accept_transformed": "\(record.acceptsTransformed)",
            "verify": record.verification.rawValue, "visibility": record.visibility.rawValue,
            "members": text(record.members, members), "hidden": "\(record.isHidden)",
            "deactivated": "\(record.isDeactivated)", "protected": "\(record.isProtected)",
            "method": intent.method.rawValue,
            "fallbacks": intent.fallbacks.map(\.rawValue).joined(separator: ", "),
            "changes": record.updatedFrom.map {
                record.fields.differing(from: $0).joined(separator: ", ")
            }.flatMap { $0.isEmpty ? nil : $0 },
            "replaces": record.replaces?.joined(separator: ", "),
            "promise": item.promise.map { "\($0)" },
        ]
        let projects = item.notes.flatMap { note -> [String] in
            switch note {
            case .membersHaveToAccept(let projects): projects
            // The run accepts the copy for these projects.
            case .membersAreAccepted(let projects): projects.map { "\($0) (accepted)" }
            default: []
            }
        }
        if record.ownerID != nil { fields[SavedPlan.sourceProjectKey] = item.source.ownerID }
        if !projects.isEmpty {
            fields[SavedPlan.membersKey] = projects.sorted().joined(separator: ", ")
        }
        for (name, value) in record.properties { fields["properties.\(name)"] = value }
        for (name, key) in record.references {
            fields["properties.\(name)"] =
                key + (record.referenceTargets?[key].map { " at \($0)" } ?? "")
        }
        return fields.compactMapValues { $0 }
    }

    private static func text(_ stores: PlannedRecord.Stores) -> String {
        switch stores {
        case .standard: "default"
        case .all: "all"
        case .named(let names): names.joined(separator: ", ")
        }
    }

    private static func text(
        _ members: PlannedRecord.Members, _ known: [String: String]?
    ) -> String {
        switch members {
        case .keep: "keep"
        case .drop: "drop"
        case .map(let table) where table == known: "map"
        case .map(let table):
            "map "
                + table.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
                .joined(separator: ", ")
        }
    }
}

extension DecodingError {
    /// The fault of the JSON and its place.
    fileprivate var words: String {
        func place(_ context: Context) -> String {
            context.codingPath.map(\.stringValue).joined(separator: ".")
        }
        switch self {
        case .keyNotFound(let key, let context):
            let path = [place(context), key.stringValue].filter { !$0.isEmpty }
            return "it has no `\(path.joined(separator: "."))`"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            return context.codingPath.isEmpty
                ? "it is JSON of another kind" : "its `\(place(context))` has another type"
        case .dataCorrupted(let context) where context.codingPath.isEmpty: return "it is not JSON"
        case .dataCorrupted(let context): return "its `\(place(context))` cannot be read"
        @unknown default: return "it is not JSON of a plan"
        }
    }
}
