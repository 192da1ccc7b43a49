// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// Limits on JSON from outside, checked on its bytes, before anything is built of them.
///
/// A limit on bytes is not enough: a list of `0,` takes 30 times its bytes as values.
package enum JSONBounds {
    /// Values in one text: 1,000 images with all properties, tags and locations that the default
    /// quotas of the Image service allow are 336,000.
    package static let valuesMax = 1_000_000
    /// Lists and objects inside each other.
    package static let depthMax = 100

    /// Why the text is not read, as the end of a sentence; nil if it keeps the limits.
    ///
    /// Counts commas and opening brackets outside strings, and does not check the text: there are
    /// never more values than that.
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
