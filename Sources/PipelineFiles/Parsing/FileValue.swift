// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Yams

/// One value of the file with the name that messages give it.
///
/// YAML's own types play no part: a scalar is text, and what it must be is
/// asked by whoever reads it.
struct FileValue {
    let reader: PipelineReader
    let node: Node
    /// The way to it, as ``UnbuiltKey/path``.
    let path: String
    /// "`min_disk`", "an entry of `tags`".
    let label: String

    var position: FilePosition { reader.position(of: node) }

    func refusal(_ message: String, hint: String? = nil) -> TranshipError {
        reader.refusal(position, message, hint: hint)
    }

    // MARK: Shapes

    var isMapping: Bool { if case .mapping = node { true } else { false } }
    var isList: Bool { if case .sequence = node { true } else { false } }

    /// The entries of a list.
    func list() throws(TranshipError) -> [FileValue] {
        guard case .sequence(let sequence) = node else {
            throw refusal("\(label) must be a list, but \(found)", hint: "start each with a dash")
        }
        try refuseTag(node, allowed: "seq")
        return sequence.map {
            FileValue(
                reader: reader, node: $0, path: path + "[]", label: "an entry of \(label)")
        }
    }

    /// A list, or one value that stands for a list of one.
    func oneOrMore(emptyAllowed: Bool = false) throws(TranshipError) -> [FileValue] {
        guard isList else { return [self] }
        let values = try list()
        if values.isEmpty, !emptyAllowed {
            throw refusal("\(label) is an empty list", hint: "leave the key out instead")
        }
        return values
    }

    /// Keys and values of a mapping, in the order of the file; `<<` put in.
    func entries() throws(TranshipError) -> [(key: String, place: FilePosition, value: Node)] {
        guard case .mapping(let mapping) = node else {
            throw refusal("\(label) must be a mapping, but \(found)")
        }
        try refuseTag(node, allowed: "map")
        var own: [(key: String, place: FilePosition, value: Node)] = []
        var merged: [(key: String, place: FilePosition, value: Node)] = []
        for (key, value) in mapping {
            let place = reader.position(of: key)
            guard case .scalar(let scalar) = key, !reader.isNull(key) else {
                throw reader.refusal(
                    place, "a key of \(label) is not a word", hint: "quote it if it is meant")
            }
            if scalar.style == .plain, scalar.string == "<<" {
                merged += try mergedEntries(value)
            } else {
                own.append((scalar.string, place, value))
            }
        }
        var seen = Set(own.map(\.key))
        return own + merged.filter { seen.insert($0.key).inserted }
    }

    private func mergedEntries(_ value: Node) throws(TranshipError)
        -> [(key: String, place: FilePosition, value: Node)]
    {
        let from = FileValue(
            reader: reader, node: value, path: path, label: "what `<<` takes in")
        guard from.isList else { return try from.entries() }
        var all: [(key: String, place: FilePosition, value: Node)] = []
        for node in try from.list().map(\.node) {
            all += try FileValue(reader: reader, node: node, path: path, label: from.label)
                .entries()
        }
        return all
    }

    // MARK: Text

    /// The text of a scalar, the environment put in. Null is refused.
    func text(emptyAllowed: Bool = false) throws(TranshipError) -> String {
        guard case .scalar(let scalar) = node else { throw notOneValue() }
        try refuseTag(node, allowed: "str")
        if reader.isNull(node) {
            throw refusal(
                scalar.string.isEmpty ? "\(label) has no value" : "\(label) is null",
                hint: scalar.string.isEmpty
                    ? "give it one, or leave the key out"
                    : "leave the key out, or write \"\(scalar.string)\" if the text is meant")
        }
        let text = try expanded(scalar.string)
        if text.isEmpty, !emptyAllowed {
            throw refusal(
                scalar.string.isEmpty
                    ? "\(label) is empty" : "\(label) is empty: \(shown) holds nothing")
        }
        if text.unicodeScalars.contains("\0") { throw refusal("\(label) holds a zero byte") }
        reader.note(path, value: text, at: position)
        return text
    }

    /// The value as messages may show it: as written, since what a variable
    /// holds may be nobody's business.
    var shown: String {
        guard case .scalar(let scalar) = node else { return "…" }
        let text = scalar.string.prefix(100)
        return "\"\(text)\"" + (text.count < scalar.string.count ? "…" : "")
    }

    private func expanded(_ text: String) throws(TranshipError) -> String {
        do throws(EnvironmentText.Failure) {
            return try EnvironmentText.expand(text, reader.environment)
        } catch {
            switch error {
            case .missing(let name):
                throw refusal(
                    "\(label) needs ${\(name)}, which is not set in the environment",
                    hint: "set \(name), or write ${\(name):-default}")
            case .unclosed:
                throw refusal(
                    "\(label) holds \"${\" without a closing brace",
                    hint: "write $$ for a dollar sign")
            case .badName(let name):
                throw refusal(
                    "\(label) holds ${\(name.prefix(100))}, which names no variable",
                    hint: "names have letters, digits and _; write $$ for a dollar sign")
            case .nested:
                throw refusal(
                    "\(label) has a default that names another variable",
                    hint: "a default is plain text; write $$ for a dollar sign")
            }
        }
    }

    // MARK: Refusals

    /// What stands there, for "must be …, but …".
    private var found: String {
        switch node {
        case .mapping: "this is a mapping"
        case .sequence: "this is a list"
        case .scalar: reader.isNull(node) ? "there is nothing" : "this is \(shown)"
        case .alias: "this is an alias"
        }
    }

    private func notOneValue() -> TranshipError {
        let first = reader.source(at: position).first
        if first == "{", isMapping { return reader.mustBeQuoted(position) }
        return refusal(
            "\(label) must be one value, but \(found)",
            hint: first == "[" ? "quote it if the brackets are meant" : nil)
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
            "\(label) has the YAML tag \(tag.replacing("tag:yaml.org,2002:", with: "!!"))",
            hint: "tags mean nothing here; leave it out, or quote a text that starts with !")
    }
}
