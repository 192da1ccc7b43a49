// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Yams

/// One value of the file, and its name for messages.
///
/// Ignores YAML's own types: every scalar is text, and the caller decides which type to parse it
/// as.
struct FileValue {
    let reader: PipelineReader
    let node: Node
    /// The path of keys that leads to the value: `sources[].url`. `[]` marks a list, and `.*` a key
    /// of any name.
    let path: String
    /// The name for messages, such as "`min_disk`" or "an entry of `tags`".
    let label: String

    typealias Entry = (key: FileKey, value: Node)

    var position: FilePosition { reader.position(of: node) }

    func refusal(_ message: String, hint: String? = nil) -> TranshipError {
        reader.refusal(position, message, hint: hint)
    }

    // MARK: Shapes

    var isMapping: Bool { if case .mapping = node { true } else { false } }
    var isList: Bool { if case .sequence = node { true } else { false } }

    /// Returns the entries of a list.
    func list() throws(TranshipError) -> [FileValue] {
        guard case .sequence(let sequence) = node else {
            if let missing = reader.missingSpace(in: self) { throw missing }
            try refuseNull(hint: "start each entry with a dash")
            throw refusal(
                "\(label) must be a list, but \(found)", hint: "start each entry with a dash")
        }
        try refuseTag(node, allowed: "seq")
        return sequence.map {
            FileValue(
                reader: reader, node: $0, path: path + "[]", label: "an entry of \(label)")
        }
    }

    /// Returns the entries of a list, or a single value as a list of one.
    func oneOrMore(emptyAllowed: Bool = false) throws(TranshipError) -> [FileValue] {
        guard isList else { return [self] }
        let values = try list()
        if values.isEmpty, !emptyAllowed {
            throw refusal("\(label) is an empty list", hint: "remove the key instead")
        }
        return values
    }

    /// Returns the keys and values of a mapping in the order of the file, with merge keys (`<<`)
    /// resolved.
    func entries() throws(TranshipError) -> [Entry] {
        guard case .mapping(let mapping) = node else {
            if let missing = reader.missingSpace(in: self) { throw missing }
            try refuseNull(hint: mappingHint)
            throw refusal("\(label) must be a mapping, but \(found)", hint: mappingHint)
        }
        try refuseTag(node, allowed: "map")
        var own: [Entry] = []
        var merged: [Entry] = []
        for (key, value) in mapping {
            let place = reader.position(of: key)
            if reader.passedOver.contains(place) { continue }
            guard case .scalar(let scalar) = key, !reader.isNull(key) else {
                throw reader.refusal(
                    place, "a key of \(label) is not text",
                    hint: "quote the key if it is meant as text")
            }
            if scalar.style == .plain, scalar.string == "<<" {
                merged += try mergedEntries(value)
            } else {
                own.append((FileKey(text: scalar.string, position: place), value))
            }
        }
        var seen = Set(own.map(\.key.text))
        return own + merged.filter { seen.insert($0.key.text).inserted }
    }

    private func mergedEntries(_ value: Node) throws(TranshipError) -> [Entry] {
        let from = FileValue(reader: reader, node: value, path: path, label: "`<<`")
        guard from.isList else { return try from.entries() }
        var all: [Entry] = []
        for node in try from.list().map(\.node) {
            all += try FileValue(reader: reader, node: node, path: path, label: from.label)
                .entries()
        }
        return all
    }

    // MARK: Text

    /// Returns the text of a scalar with variables expanded. Refuses null.
    ///
    /// - Parameter escaped: makes the value of a variable literal, for a key whose text has special
    ///   characters.
    func text(
        emptyAllowed: Bool = false, escaped: (String) -> String = { $0 }
    ) throws(TranshipError) -> String {
        guard case .scalar(let scalar) = node else { throw notOneValue() }
        try refuseTag(node, allowed: "str")
        try refuseNull(
            hint: reader.isEmpty(node)
                ? nil : "remove the key, or write \"\(scalar.string)\" if you mean the text")
        let text = try expanded(scalar.string, escaped)
        if text.isEmpty, !emptyAllowed {
            throw refusal(
                scalar.string.isEmpty
                    ? "\(label) is empty" : "\(label) is empty: \(shown) expands to nothing")
        }
        if text.unicodeScalars.contains("\0") { throw refusal("\(label) contains a zero byte") }
        return text
    }

    /// The value for messages, as written in the file. Does not expand variables: their values may
    /// be secret. Shows nothing of a value that may be a secret itself.
    var shown: String {
        guard case .scalar(let scalar) = node, !mayBeSecret else { return "…" }
        let whole = scalar.string
        // Even under a wrong key, an address has its secrets in the same parts.
        let text = (whole.contains("://") ? shownURL(whole) : whole).prefix(100)
        return "\"\(text)\"" + (text.count < whole.count ? "…" : "")
    }

    private static let secretPaths: Set = [
        "sources[].url", "sources[].checksum_file", "sources[].auth", "sources[].headers",
        "sources[].headers.*",
    ]

    /// True if the value may be a secret. So may be a word of a hook: `--token=…`.
    var mayBeSecret: Bool { holdsSecretOfRequests || path.hasPrefix("hooks") }

    private var holdsSecretOfRequests: Bool { Self.secretPaths.contains(path) }

    private static let sentPaths: Set = ["sources[].simplestreams", "sources[].signature"]

    /// True if requests contain the value, so that a server may repeat it.
    private var isSent: Bool { holdsSecretOfRequests || Self.sentPaths.contains(path) }

    private func expanded(
        _ text: String, _ escaped: (String) -> String
    ) throws(TranshipError) -> String {
        do throws(EnvironmentText.Failure) {
            return try EnvironmentText.expand(
                text, reader.environment,
                each: { value in if isSent { reader.noteVariable(value) } }, escaped: escaped)
        } catch {
            switch error {
            case .missing(let name):
                throw refusal(
                    "\(label) needs ${\(name)}, which is not set in the environment",
                    hint: "set \(name), or write ${\(name):-default}")
            case .unclosed:
                throw refusal(
                    "\(label) contains \"${\" without a closing brace",
                    hint: "write $$ for a dollar sign")
            case .badName(let name):
                throw refusal(
                    mayBeSecret
                        ? "\(label) contains \"${\" without a variable name"
                        : "\(label) contains ${\(name.prefix(100))}, which is not a variable name",
                    hint: "use letters, digits and _ in names; write $$ for a dollar sign")
            case .nested:
                throw refusal(
                    "\(label) has a default that names another variable",
                    hint: "write plain text as the default, with $$ for a dollar sign")
            }
        }
    }

    // MARK: Refusals

    /// Refuses a null, and a key without a value.
    ///
    /// - Parameter hint: the way to write the value; nil if any value may be right.
    func refuseNull(hint: String? = nil) throws(TranshipError) {
        guard reader.isNull(node) else { return }
        let usual =
            label.contains(/\w:\w/)
            ? "write a space after the colon" : "give it a value, or remove the key"
        throw refusal(
            reader.isEmpty(node) ? "\(label) has no value" : "\(label) is null",
            hint: hint ?? usual)
    }

    /// The kind of value in the file, to complete "must be …, but …".
    private var found: String {
        switch node {
        case .mapping: "this is a mapping"
        case .sequence: "this is a list"
        case .scalar: mayBeSecret ? "this is text" : "this is \(shown)"
        case .alias: "this is an alias"
        }
    }

    private func notOneValue() -> TranshipError {
        let first = reader.source(at: position).first
        if first == "{", isMapping { return reader.mustBeQuoted(position) }
        return refusal(
            "\(label) must be one value, but \(found)",
            hint: first == "[" ? "quote it if the brackets are part of the text" : nil)
    }

    private func refuseTag(_ node: Node, allowed: String) throws(TranshipError) {
        let tag =
            switch node {
            case .scalar(let scalar): scalar.tag.rawValue
            case .mapping(let mapping): mapping.tag.rawValue
            case .sequence(let sequence): sequence.tag.rawValue
            case .alias: ""
            }
        guard !["", "!", "tag:yaml.org,2002:\(allowed)"].contains(tag) else { return }
        throw refusal(
            mayBeSecret
                ? "\(label) starts with !, which YAML reads as a tag"
                : "\(label) has the YAML tag \(tag.replacing("tag:yaml.org,2002:", with: "!!"))",
            hint: "remove the tag, or quote a text that starts with !")
    }
}

/// A key and its place in the file.
struct FileKey {
    let text: String
    let position: FilePosition
}
