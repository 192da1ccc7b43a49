// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics

/// The decoder that reads values of the model from the JSON of a row.
///
/// Does the same as Foundation's decoder in a fraction of its time, since planning reads several
/// rows for each image. Does not support dates, data and URLs, for which Foundation has special
/// rules: the model has none.
struct BodyDecoder: Decoder {
    fileprivate let reading: Reading
    fileprivate let index: Int

    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    /// - Throws: `DecodingError`.
    static func decode<Value: Decodable>(_ type: Value.Type, from json: [UInt8]) throws -> Value {
        guard let text = JSONText(json) else { throw Reading.damage("is not JSON") }
        return try Reading(text).value(type, 0)
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(try BodyMembers<Key>(reading, index))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        try BodyElements(reading, index)
    }

    func singleValueContainer() throws -> any SingleValueDecodingContainer {
        BodyScalar(reading: reading, index: index)
    }
}

/// A JSON text that is being read.
private final class Reading {
    let text: JSONText
    /// The object in which a member was found last, and the entry after that member. The next
    /// search mostly finds that entry.
    var lastObject = -1
    var nextMember = 0

    init(_ text: JSONText) { self.text = text }

    static func damage(_ words: String) -> DecodingError {
        .dataCorrupted(.init(codingPath: [], debugDescription: words))
    }

    func value<Value: Decodable>(_ type: Value.Type, _ index: Int) throws -> Value {
        if type == String.self, let value = try string(index) as? Value { return value }
        return try Value(from: BodyDecoder(reading: self, index: index))
    }

    func string(_ index: Int) throws -> String {
        guard let value = text.string(index) else { throw Self.damage("is not text") }
        return value
    }

    func bool(_ index: Int) throws -> Bool {
        switch text.kind(index) {
        case .yes: true
        case .no: false
        default: throw Self.damage("is not true or false")
        }
    }

    func integer<Number: FixedWidthInteger>(_ index: Int) throws -> Number {
        guard let value = text.integer(index), let number = Number(exactly: value) else {
            throw Self.damage("is not a whole number of the right size")
        }
        return number
    }

    func double(_ index: Int) throws -> Double {
        switch text.number(index) {
        case .integer(let number): Double(number)
        case .number(let number): number
        default: throw Self.damage("is not a number")
        }
    }

    /// Returns the entry of the value of an object's member; nil if the object has no member of
    /// that name.
    func member(_ name: String, of object: Int) -> Int? {
        let (first, end) = (object + 1, text.next(object))
        let start = lastObject == object && nextMember < end ? nextMember : first
        var name = name
        let found = name.withUTF8 { name in
            search(name, from: start, to: end) ?? search(name, from: first, to: start)
        }
        if let found { (lastObject, nextMember) = (object, text.next(found)) }
        return found
    }

    private func search(_ name: UnsafeBufferPointer<UInt8>, from start: Int, to end: Int) -> Int? {
        var at = start
        while at < end {
            if text.isEqual(at, name) { return at + 1 }
            at = text.next(at + 1)
        }
        return nil
    }
}

private struct BodyMembers<Key: CodingKey>: KeyedDecodingContainerProtocol {
    private let reading: Reading
    private let object: Int

    var codingPath: [any CodingKey] { [] }

    init(_ reading: Reading, _ index: Int) throws {
        guard reading.text.kind(index) == .object else { throw Reading.damage("is not an object") }
        self.reading = reading
        object = index
    }

    var allKeys: [Key] {
        var keys: [Key] = []
        var at = object + 1
        while at < reading.text.next(object) {
            if let name = reading.text.string(at), let key = Key(stringValue: name) {
                keys.append(key)
            }
            at = reading.text.next(at + 1)
        }
        return keys
    }

    private func find(_ key: Key) throws -> Int {
        guard let index = reading.member(key.stringValue, of: object) else {
            throw DecodingError.keyNotFound(key, .init(codingPath: [], debugDescription: "missing"))
        }
        return index
    }

    /// Returns nil for a member that is missing or null.
    private func findIfPresent(_ key: Key) -> Int? {
        guard let index = reading.member(key.stringValue, of: object),
            reading.text.kind(index) != .null
        else { return nil }
        return index
    }

    func contains(_ key: Key) -> Bool { reading.member(key.stringValue, of: object) != nil }
    func decodeNil(forKey key: Key) throws -> Bool { reading.text.kind(try find(key)) == .null }
    func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool {
        try reading.bool(try find(key))
    }
    func decode(_ type: String.Type, forKey key: Key) throws -> String {
        try reading.string(try find(key))
    }
    func decode(_ type: Double.Type, forKey key: Key) throws -> Double {
        try reading.double(try find(key))
    }
    func decode(_ type: Float.Type, forKey key: Key) throws -> Float {
        Float(try reading.double(try find(key)))
    }
    func decode<T: Decodable & FixedWidthInteger>(_ type: T.Type, forKey key: Key) throws -> T {
        try reading.integer(try find(key))
    }
    func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
        try reading.value(type, try find(key))
    }
    func decodeIfPresent(_ type: Bool.Type, forKey key: Key) throws -> Bool? {
        try findIfPresent(key).map { try reading.bool($0) }
    }
    func decodeIfPresent(_ type: String.Type, forKey key: Key) throws -> String? {
        try findIfPresent(key).map { try reading.string($0) }
    }
    func decodeIfPresent(_ type: Int.Type, forKey key: Key) throws -> Int? {
        try findIfPresent(key).map { try reading.integer($0) }
    }
    func decodeIfPresent(_ type: Int64.Type, forKey key: Key) throws -> Int64? {
        try findIfPresent(key).map { try reading.integer($0) }
    }
    func decodeIfPresent<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T? {
        try findIfPresent(key).map { try reading.value(type, $0) }
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> {
        KeyedDecodingContainer(try BodyMembers<Nested>(reading, try find(key)))
    }
    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try BodyElements(reading, try find(key))
    }
    func superDecoder() throws -> any Decoder { BodyDecoder(reading: reading, index: object) }
    func superDecoder(forKey key: Key) throws -> any Decoder {
        BodyDecoder(reading: reading, index: try find(key))
    }
}

private struct BodyElements: UnkeyedDecodingContainer {
    private let reading: Reading
    private let list: Int
    private var at: Int
    private(set) var currentIndex = 0

    var codingPath: [any CodingKey] { [] }
    var count: Int? { reading.text.count(list) }
    var isAtEnd: Bool { at >= reading.text.next(list) }

    init(_ reading: Reading, _ index: Int) throws {
        guard reading.text.kind(index) == .list else { throw Reading.damage("is not a list") }
        self.reading = reading
        list = index
        at = index + 1
    }

    private mutating func take() throws -> Int {
        guard !isAtEnd else { throw Reading.damage("has too few elements") }
        defer {
            at = reading.text.next(at)
            currentIndex += 1
        }
        return at
    }

    mutating func decodeNil() throws -> Bool {
        guard !isAtEnd, reading.text.kind(at) == .null else { return false }
        _ = try take()
        return true
    }
    mutating func decode<T: Decodable>(_ type: T.Type) throws -> T {
        try reading.value(type, try take())
    }
    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type
    ) throws -> KeyedDecodingContainer<Nested> {
        KeyedDecodingContainer(try BodyMembers<Nested>(reading, try take()))
    }
    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        try BodyElements(reading, try take())
    }
    mutating func superDecoder() throws -> any Decoder {
        BodyDecoder(reading: reading, index: try take())
    }
}

private struct BodyScalar: SingleValueDecodingContainer {
    let reading: Reading
    let index: Int

    var codingPath: [any CodingKey] { [] }

    func decodeNil() -> Bool { reading.text.kind(index) == .null }
    func decode(_ type: Bool.Type) throws -> Bool { try reading.bool(index) }
    func decode(_ type: String.Type) throws -> String { try reading.string(index) }
    func decode(_ type: Double.Type) throws -> Double { try reading.double(index) }
    func decode(_ type: Float.Type) throws -> Float { Float(try reading.double(index)) }
    func decode<T: Decodable & FixedWidthInteger>(_ type: T.Type) throws -> T {
        try reading.integer(index)
    }
    func decode<T: Decodable>(_ type: T.Type) throws -> T { try reading.value(type, index) }
}
