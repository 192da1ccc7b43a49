// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// Limits on JSON from outside. They are checked on its bytes, before any value is built.
///
/// A limit on bytes is not enough: the values of a list of `0,` take 30 times the bytes of its
/// text.
package enum JSONBounds {
    /// The most values in one text. For comparison: 1,000 images with all properties, tags and
    /// locations that the default quotas of the Image service allow are 336,000 values.
    package static let valuesMax = 1_000_000
    /// The most levels of lists and objects inside each other.
    package static let depthMax = 100

    /// Returns the limit that the text exceeds, as the end of a sentence; nil if it keeps the
    /// limits.
    ///
    /// Does not parse the text. It counts one value for each comma and opening bracket outside
    /// strings, and one more: a text never has more values than that.
    package static func excess(
        of json: UnsafeRawBufferPointer, valuesMax: Int = JSONBounds.valuesMax
    ) -> String? {
        var values = 1
        var depth = 0
        var isInString = false
        var isEscaped = false
        for byte in json {
            if isInString {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isInString = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isInString = true
            case UInt8(ascii: "["), UInt8(ascii: "{"):
                values += 1
                depth += 1
                if depth > depthMax { return "nests lists deeper than \(depthMax) levels" }
            case UInt8(ascii: "]"), UInt8(ascii: "}"): depth = max(0, depth - 1)
            case UInt8(ascii: ","): values += 1
            default: break
            }
            if values > valuesMax { return "has more than \(valuesMax) values" }
        }
        return nil
    }
}
