// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// The check of every number that a service, a file or a journal states: sizes, counts and times.
///
/// A number that passes is between 0 and 2^53, the largest range that JSON carries exactly
/// everywhere (RFC 8259, section 6; 8 PiB as a size). Any other number is damaged or false: the
/// reader refuses it and names the image, the field and the value. Sums of numbers that passed use
/// ``Swift/Int64/clampedSum(_:)``, since a thousand such numbers do not fit into 64 bits.
package enum OutsideNumber {
    /// 2^53.
    package static let most: Int64 = 1 << 53
    /// The numbers that pass.
    package static let range: ClosedRange<Int64> = 0...most

    /// Returns the number, or nil if it does not pass.
    package static func checked(_ number: Int64) -> Int64? {
        range.contains(number) ? number : nil
    }

    /// Reads a number of decimal digits alone, as in header fields (RFC 9110, section 8.6). Nil for
    /// any other text, for a sign, and for a number that does not pass.
    package static func parse(_ text: some StringProtocol) -> Int64? {
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int64(text).flatMap(checked)
    }

    /// Reads a whole number of JSON, or a text of digits. Nil for any other value, and for a number
    /// that does not pass.
    package static func read(_ value: JSONValue?) -> Int64? {
        if let text = value?.string { return parse(text) }
        return value?.integer.flatMap(checked)
    }
}

extension Int64 {
    /// Returns the sum, or the nearest number that fits: a source may claim any size, and a sum of
    /// such sizes must not stop the process.
    package func clampedSum(_ other: Int64) -> Int64 {
        let (sum, overflows) = addingReportingOverflow(other)
        guard overflows else { return sum }
        return other < 0 ? .min : .max
    }

    /// Returns the difference, or the nearest number that fits.
    package func clampedDifference(_ other: Int64) -> Int64 {
        let (difference, overflows) = subtractingReportingOverflow(other)
        guard overflows else { return difference }
        return other < 0 ? .max : .min
    }

    /// Returns the product, or the nearest number that fits.
    package func clampedProduct(_ other: Int64) -> Int64 {
        let (product, overflows) = multipliedReportingOverflow(by: other)
        guard overflows else { return product }
        return (self < 0) == (other < 0) ? .max : .min
    }

    /// The whole part of the number, or the nearest number that fits; 0 for NaN. `Int64(_:)` ends
    /// the process if the number does not fit or is NaN.
    package init(clamping number: Double) {
        if number.isNaN {
            self = 0
        } else {
            self = Int64(exactly: number.rounded(.towardZero)) ?? (number < 0 ? .min : .max)
        }
    }
}
