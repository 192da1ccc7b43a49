// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics

/// The JSON type that the value of a record's key must have.
///
/// A value of another type is damage or a lie. It must not count as a missing value: a value may be
/// missing because an old service does not know the key, and its absence is mostly harmless.
public enum ValueType: Sendable, Hashable {
    /// A whole number from 0 to 2^53, or its digits as text.
    case number
    /// A text.
    case text
    /// True or false.
    case flag
    /// ``flag``, or the text `true` or `false` in any case, as header fields have it.
    case flagOrText
    /// A list of texts.
    case texts
    /// An object.
    case object

    /// True if the value has this type. False for null, which may be in place of any value.
    func matches(_ value: JSONValue) -> Bool {
        switch self {
        case .number: OutsideNumber.read(value) != nil
        case .text: value.string != nil
        case .flag: value.bool != nil
        case .flagOrText:
            value.bool != nil || ["true", "false"].contains(value.string?.lowercased())
        case .texts: value.array?.allSatisfy { $0.string != nil } == true
        case .object: value.object != nil
        }
    }

    /// Returns the text; nil for null. A value of another type counts as its JSON text, which never
    /// equals an expected text.
    static func text(_ value: JSONValue?) -> String? {
        switch value {
        case nil, .null: nil
        case .string(let text): text
        case .some(let other): String(decoding: other.body, as: UTF8.self).cut(to: 100)
        }
    }

    /// Returns the flag; false for null. A value that is neither true nor false counts as true: an
    /// image that may be hidden or protected is left alone.
    static func flag(_ value: JSONValue?) -> Bool {
        switch value {
        case nil, .null: false
        case .some(let other): other.bool ?? true
        }
    }

    /// Returns the texts of a list; none for null.
    static func texts(_ value: JSONValue?) -> [String] {
        if let list = value?.array { return list.compactMap(text) }
        return text(value).map { [$0] } ?? []
    }

    /// The words for messages. They can follow "which is not ".
    var words: String {
        switch self {
        case .number: "a number from 0 to 2^53"
        case .text: "a text"
        case .flag, .flagOrText: "true or false"
        case .texts: "a list of texts"
        case .object: "an object"
        }
    }
}
