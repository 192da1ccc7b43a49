// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// The encoder that writes values of the model as the JSON of a row: without blanks, and with the
/// members of each object sorted by name, so that equal values give equal bytes.
///
/// Writes the same as Foundation's encoder, in a fraction of its time; see ``BodyDecoder``. There
/// is one limit: after a nested container was requested and the outer one goes on, nothing more may
/// be written into the nested one. No type of the model does this.
struct BodyEncoder: Encoder {
    fileprivate let writing: Writing
    /// The number of objects and lists that are open around the value.
    fileprivate let depth: Int

    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    /// - Throws: `EncodingError` for a number that is not finite.
    static func encode(_ value: some Encodable) throws -> [UInt8] {
        let writing = Writing()
        try writing.write(value, depth: 0)
        return writing.json
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        writing.open(isObject: true, depth: depth)
        return KeyedEncodingContainer(NewMembers<Key>(writing: writing, depth: depth + 1))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        writing.open(isObject: false, depth: depth)
        return NewElements(writing: writing, depth: depth + 1)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer {
        NewScalar(writing: writing, depth: depth)
    }
}

/// A JSON text that is being written.
private final class Writing {
    private struct Open {
        var isObject: Bool
        /// The first byte after the bracket.
        var start: Int
        var firstMember: Int
        var isSorted = true
    }

    /// A member of an open object. Its text is `"name":value,`.
    private struct Member {
        var start: Int
        var nameEnd: Int
        var end: Int
    }

    // Swift's exclusivity checks of these accesses take a tenth of the time.
    @exclusivity(unchecked) private(set) var json: [UInt8] = []
    @exclusivity(unchecked) private var opened: [Open] = []
    @exclusivity(unchecked) private var members: [Member] = []

    init() { json.reserveCapacity(2048) }

    /// Writes a value into the object or list at this depth, after closing those inside it.
    func write<Value: Encodable>(_ value: Value, depth: Int) throws {
        if Value.self == String.self, let text = value as? String {
            string(text)
        } else {
            let start = json.count
            try value.encode(to: BodyEncoder(writing: self, depth: depth))
            close(to: depth)
            // A type that encodes nothing.
            if json.count == start { json += [UInt8(ascii: "{"), UInt8(ascii: "}")] }
        }
    }

    func open(isObject: Bool, depth: Int) {
        // The same value has asked for its container again.
        guard opened.count == depth else { return close(to: depth + 1) }
        json.append(isObject ? UInt8(ascii: "{") : UInt8(ascii: "["))
        opened.append(Open(isObject: isObject, start: json.count, firstMember: members.count))
    }

    /// Closes the objects and lists that are deeper than `depth`.
    func close(to depth: Int) {
        while opened.count > depth, let last = opened.popLast() {
            endValue(of: last)
            if last.isObject {
                if !last.isSorted { sort(last) }
                members.removeLast(members.count - last.firstMember)
            }
            // The comma after the last element is replaced by the bracket.
            let bracket = last.isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")
            if json.count > last.start { json.removeLast() }
            json.append(bracket)
        }
    }

    /// Begins a member of the object at this depth.
    func member(_ name: String, depth: Int) {
        beginValue(depth)
        let start = json.count
        string(name)
        let member = Member(start: start, nameEnd: json.count, end: 0)
        json.append(UInt8(ascii: ":"))
        let top = opened.count - 1
        if opened[top].isSorted, let last = members.last, members.count > opened[top].firstMember,
            !precedes(last, member)
        {
            opened[top].isSorted = false
        }
        members.append(member)
    }

    /// Begins an element of the list at this depth.
    func element(depth: Int) { beginValue(depth) }

    private func beginValue(_ depth: Int) {
        precondition(opened.count >= depth, "its container is closed")
        close(to: depth)
        endValue(of: opened[depth - 1])
    }

    /// Writes the comma after the last member or element, unless it has one.
    private func endValue(of container: Open) {
        // A value never ends with a comma.
        guard json.count > container.start, json.last != UInt8(ascii: ",") else { return }
        json.append(UInt8(ascii: ","))
        if container.isObject, !members.isEmpty { members[members.count - 1].end = json.count }
    }

    private func precedes(_ one: Member, _ other: Member) -> Bool {
        json[one.start..<one.nameEnd - 1].lexicographicallyPrecedes(
            json[other.start..<other.nameEnd - 1])
    }

    private func sort(_ object: Open) {
        let sorted = members[object.firstMember...].sorted { precedes($0, $1) }
        var text: [UInt8] = []
        text.reserveCapacity(json.count - object.start)
        for member in sorted { text += json[member.start..<member.end] }
        json.replaceSubrange(object.start..., with: text)
    }

    // MARK: Scalars

    func word(_ word: StaticString) {
        json.append(
            contentsOf: UnsafeBufferPointer(
                start: word.utf8Start, count: word.utf8CodeUnitCount))
    }

    func integer(_ value: some FixedWidthInteger) { json.append(contentsOf: String(value).utf8) }

    func double(_ value: Double) throws {
        guard value.isFinite else {
            throw EncodingError.invalidValue(
                value, .init(codingPath: [], debugDescription: "is not finite"))
        }
        json.append(contentsOf: (Int64(exactly: value)?.description ?? value.description).utf8)
    }

    func string(_ text: String) {
        var text = text
        json.append(UInt8(ascii: "\""))
        text.withUTF8 { text in
            var start = 0
            for place in 0..<text.count {
                let byte = text[place]
                guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
                else { continue }
                json.append(contentsOf: text[start..<place])
                escape(byte)
                start = place + 1
            }
            json.append(contentsOf: text[start...])
        }
        json.append(UInt8(ascii: "\""))
    }

    private func escape(_ byte: UInt8) {
        switch byte {
        case 0x08: word("\\b")
        case 0x09: word("\\t")
        case 0x0A: word("\\n")
        case 0x0C: word("\\f")
        case 0x0D: word("\\r")
        case 0x20...: json += [UInt8(ascii: "\\"), byte]
        default:
            word("\\u00")
            let digits = Array("0123456789abcdef".utf8)
            json += [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
    }
}

private struct NewMembers<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let writing: Writing
    let depth: Int

    var codingPath: [any CodingKey] { [] }

    private func member(_ key: Key) -> Writing {
        writing.member(key.stringValue, depth: depth)
        return writing
    }

    func encodeNil(forKey key: Key) throws { member(key).word("null") }
    func encode(_ value: Bool, forKey key: Key) throws {
        member(key).word(value ? "true" : "false")
    }
    func encode(_ value: String, forKey key: Key) throws { member(key).string(value) }
    func encode(_ value: Double, forKey key: Key) throws { try member(key).double(value) }
    func encode(_ value: Float, forKey key: Key) throws { try member(key).double(Double(value)) }
    func encode<T: Encodable & FixedWidthInteger>(_ value: T, forKey key: Key) throws {
        member(key).integer(value)
    }
    func encode<T: Encodable>(_ value: T, forKey key: Key) throws {
        try member(key).write(value, depth: depth)
    }
    // These do the same as the default implementations, which look these up at each call.
    func encodeIfPresent(_ value: Bool?, forKey key: Key) throws {
        if let value { try encode(value, forKey: key) }
    }
    func encodeIfPresent(_ value: String?, forKey key: Key) throws {
        if let value { try encode(value, forKey: key) }
    }
    func encodeIfPresent(_ value: Int64?, forKey key: Key) throws {
        if let value { try encode(value, forKey: key) }
    }
    func encodeIfPresent<T: Encodable>(_ value: T?, forKey key: Key) throws {
        if let value { try encode(value, forKey: key) }
    }
    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
        BodyEncoder(writing: member(key), depth: depth).container(keyedBy: type)
    }
    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        BodyEncoder(writing: member(key), depth: depth).unkeyedContainer()
    }
    func superEncoder() -> any Encoder { BodyEncoder(writing: writing, depth: depth) }
    func superEncoder(forKey key: Key) -> any Encoder {
        BodyEncoder(writing: member(key), depth: depth)
    }
}

private struct NewElements: UnkeyedEncodingContainer {
    let writing: Writing
    let depth: Int
    private(set) var count = 0

    var codingPath: [any CodingKey] { [] }

    init(writing: Writing, depth: Int) {
        self.writing = writing
        self.depth = depth
    }

    private mutating func element() -> Writing {
        writing.element(depth: depth)
        count += 1
        return writing
    }

    mutating func encodeNil() throws { element().word("null") }
    mutating func encode<T: Encodable>(_ value: T) throws {
        try element().write(value, depth: depth)
    }
    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type
    ) -> KeyedEncodingContainer<Nested> {
        BodyEncoder(writing: element(), depth: depth).container(keyedBy: type)
    }
    mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
        BodyEncoder(writing: element(), depth: depth).unkeyedContainer()
    }
    mutating func superEncoder() -> any Encoder { BodyEncoder(writing: element(), depth: depth) }
}

private struct NewScalar: SingleValueEncodingContainer {
    let writing: Writing
    let depth: Int

    var codingPath: [any CodingKey] { [] }

    func encodeNil() throws { writing.word("null") }
    func encode(_ value: Bool) throws { writing.word(value ? "true" : "false") }
    func encode(_ value: String) throws { writing.string(value) }
    func encode(_ value: Double) throws { try writing.double(value) }
    func encode(_ value: Float) throws { try writing.double(Double(value)) }
    func encode<T: Encodable & FixedWidthInteger>(_ value: T) throws { writing.integer(value) }
    func encode<T: Encodable>(_ value: T) throws { try writing.write(value, depth: depth) }
}
