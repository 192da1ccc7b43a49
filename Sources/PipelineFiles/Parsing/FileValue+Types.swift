// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Yams

/// Parses text values into the types of the schema.
extension FileValue {
    /// Parses `true` or `false`. Refuses YAML's other spellings.
    func bool() throws(TranshipError) -> Bool {
        switch try text() {
        case "true": return true
        case "false": return false
        case let text:
            let isSpelling = Self.isSpellingOfBool(text)
            throw refusal(
                "\(label) is \(shown), not true or false",
                hint: isSpelling ? Self.trueOrFalse : nil)
        }
    }

    private static let trueOrFalse =
        "write true or false; other YAML spellings are not supported"

    /// Parses a whole number without sign, leading zeros or underscores.
    func integer(_ range: ClosedRange<Int>) throws(TranshipError) -> Int {
        let text = try text()
        let isDecimal = text.utf8.allSatisfy { (0x30...0x39).contains($0) }
        guard isDecimal, text == "0" || !text.hasPrefix("0"), let value = Int(text),
            range.contains(value)
        else {
            throw refusal("\(label) is \(shown), not a whole number\(words(range))")
        }
        return value
    }

    private func words(_ range: ClosedRange<Int>) -> String {
        range.upperBound == .max ? "" : " from \(range.lowerBound) to \(range.upperBound)"
    }

    func byteCount() throws(TranshipError) -> Int64 {
        guard let bytes = ByteCount.parse(try text()) else {
            throw refusal(
                "\(label) is \(shown), not a number of bytes",
                hint: "write it as 512MiB or 50GB; the units are B KiB MiB GiB TiB kB MB GB TB")
        }
        guard let bytes = OutsideNumber.checked(bytes) else {
            throw refusal("\(label) is \(shown), but must be at most 8192TiB")
        }
        return bytes
    }

    func byteRate() throws(TranshipError) -> Int64 {
        guard let bytes = ByteCount.parseRate(try text()) else {
            throw refusal(
                "\(label) is \(shown), not a rate in bytes a second", hint: "write it as 200MiB/s")
        }
        return bytes
    }

    func spanSeconds() throws(TranshipError) -> Int64 {
        guard let seconds = TimeSpan.parse(try text()).flatMap(OutsideNumber.checked) else {
            throw refusal(
                "\(label) is \(shown), not a time span",
                hint: "write it as 30s, 15m, 24h or 90d")
        }
        return seconds
    }

    /// Parses one of an enum's raw values.
    func choice<Choice>(_: Choice.Type) throws(TranshipError) -> Choice
    where Choice: RawRepresentable<String> & CaseIterable {
        try one(of: Choice.allCases.map(\.rawValue)) { text in
            Choice.allCases.first { $0.rawValue == text }
        }
    }

    /// Parses one of an enum's raw values, or one more word that means nil.
    func choice<Choice>(_: Choice.Type, orNil word: String) throws(TranshipError) -> Choice?
    where Choice: RawRepresentable<String> & CaseIterable {
        let text = try choice(among: [word] + Choice.allCases.map(\.rawValue))
        return Choice.allCases.first { $0.rawValue == text }
    }

    func choice(among words: [String]) throws(TranshipError) -> String {
        try one(of: words) { words.contains($0) ? $0 : nil }
    }

    func keepOr<Choice>(_: Choice.Type) throws(TranshipError) -> KeepOrSet<Choice>
    where Choice: RawRepresentable<String> & CaseIterable {
        try choice(Choice.self, orNil: "keep").map { .set($0) } ?? .keep
    }

    func keepOrBool() throws(TranshipError) -> KeepOrSet<Bool> {
        let word = try choice(among: ["keep", "true", "false"])
        return word == "keep" ? .keep : .set(word == "true")
    }

    private func one<Value>(
        of words: [String], _ value: (String) -> Value?
    ) throws(TranshipError) -> Value {
        let text = try text()
        if let value = value(text) { return value }
        throw refusal(
            "\(label) is \(shown), but must be one of \(words.joined(separator: ", "))",
            hint: Self.isSpellingOfBool(text) && words.contains("true")
                ? Self.trueOrFalse
                : Nearest.to(text, in: words).map { "did you mean \($0)?" } ?? anyHint(text))
    }

    private func anyHint(_ text: String) -> String? {
        let isCondition = label.contains("`visibility`") && path.contains(".images.")
        return isCondition && ["all", "any", "*"].contains(text)
            ? "leave the key out: then any visibility is meant" : nil
    }

    /// The hint for a value that must be a mapping and is not; nil if the message says enough.
    var mappingHint: String? {
        var text: String?
        if case .scalar(let scalar) = node, !reader.isNull(node) { text = scalar.string }
        switch label {
        case "`size`":
            let bytes = text.flatMap { ByteCount.parse($0) == nil ? nil : $0 } ?? "5GiB"
            return "write size: { min: \(bytes) }, or max in the place of min"
        case "`expired`":
            let action = text.flatMap(ExpiredVersions.Action.init(rawValue:)) ?? .delete
            return "write expired: { action: \(action.rawValue), after: 90d }"
        case "`properties`" where isList && path.hasPrefix("sources"):
            return "write properties: { key: value }"
        default: return nil
        }
    }

    private static func isSpellingOfBool(_ text: String) -> Bool {
        ["yes", "no", "on", "off", "y", "n", "true", "false"].contains(text.lowercased())
    }

    func texts(emptyAllowed: Bool = false) throws(TranshipError) -> [String] {
        try oneOrMore(emptyAllowed: emptyAllowed).compactMap { value in
            reader.attempt { try value.text() }
        }
    }

    /// Parses each entry of a list, or a single value.
    func each<Value>(
        _ parse: (FileValue) throws -> Value
    ) throws(TranshipError) -> [Value] {
        try oneOrMore().compactMap { value in reader.attempt { try parse(value) } }
    }

    func globs(emptyAllowed: Bool = false) throws(TranshipError) -> [Glob] {
        try texts(emptyAllowed: emptyAllowed).map { Glob($0) }
    }

    /// Parses a list of tags without duplicates. The Image service allows 255 characters each.
    func tags() throws(TranshipError) -> [String] {
        var tags: [String] = []
        var known: Set<String> = []
        for value in try oneOrMore(emptyAllowed: true) {
            guard let tag = reader.attempt({ try value.text() }) else { continue }
            if tag.count > 255 {
                reader.refuse(value.refusal("a tag can have at most 255 characters"))
            }
            if known.insert(tag).inserted { tags.append(tag) }
        }
        return tags
    }

    /// Parses a mapping of text to text. Does not expand variables in keys.
    func textMap(emptyValues: Bool) throws(TranshipError) -> [(key: FileKey, value: String)] {
        try textEntries(emptyValues: emptyValues).map { ($0.key, $0.text) }
    }

    /// Parses a mapping of text to text. Returns each value as written in the file, too.
    func textEntries(
        emptyValues: Bool
    ) throws(TranshipError) -> [(key: FileKey, value: FileValue, text: String)] {
        try entries().compactMap { entry in
            // Without a space after the colon, YAML reads the value as a part of the key.
            let name = mayBeSecret ? entry.key.text.prefix { $0 != ":" } : entry.key.text[...]
            let value = FileValue(
                reader: reader, node: entry.value, path: path + ".*", label: "`\(name)`")
            return reader.attempt {
                (entry.key, value, try value.text(emptyAllowed: emptyValues))
            }
        }
    }

    /// Parses a path and makes it absolute. A relative path starts at the pipeline file's folder.
    func absolutePath() throws(TranshipError) -> String {
        FilePath.absolute(try pathText(), in: reader.baseDirectory)
    }

    /// Parses a path. Refuses a leading `~`: only shells expand it, and a folder of that name is
    /// never meant.
    func pathText() throws(TranshipError) -> String {
        let text = try text()
        if text == "~" || text.hasPrefix("~/") {
            throw refusal(
                "\(label) starts with ~, which only a shell expands",
                hint: mayBeSecret ? "write ${HOME} for it" : "write ${HOME}\(text.dropFirst())")
        }
        try refuseAddress(text, hint: "write a path; for data at an address, use a `url` source")
        return text
    }

    /// Parses the name of an entry of clouds.yaml.
    func cloudName() throws(TranshipError) -> String {
        let text = try text()
        try refuseAddress(
            text,
            hint: "write the name of an entry of clouds.yaml; for data at an address, write `url`")
        return text
    }

    /// Refuses an address. The message must not repeat it: it may hold a password or a signature.
    private func refuseAddress(_ text: String, hint: String) throws(TranshipError) {
        guard let scheme = text.prefixMatch(of: /([A-Za-z][A-Za-z0-9+.\-]*):\/\//)?.1 else {
            return
        }
        let words = scheme.lowercased()
        let isURL = ["http", "https"].contains(words) && ["`file`", "`cloud`"].contains(label)
        throw refusal(
            "\(label) is an address (\(words.prefix(40))://…), and that is "
                + (isURL ? "a `url`" : "not supported here"),
            hint: isURL && label == "`file`" ? "write `url:` instead of `file:`" : hint)
    }
}
