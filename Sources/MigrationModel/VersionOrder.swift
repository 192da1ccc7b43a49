// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// The order of versions as publishers write them: `9.10` follows `9.9`, and `2.0~rc1` comes before
/// `2.0`.
///
/// It is the order of the UAPI Version Format Specification
/// (<https://uapi-group.org/specifications/specs/version_format_specification/>), which
/// `systemd-sysupdate` and `systemd-analyze compare-versions` use.
public enum VersionOrder {
    /// Returns a negative number if the first version is earlier, a positive number if it is later,
    /// and 0 if both have the same place in the order.
    public static func compare(_ one: String, _ other: String) -> Int {
        var a = Array(one.utf8)[...]
        var b = Array(other.utf8)[...]
        while true {
            a = a.drop { !isPart($0) }
            b = b.drop { !isPart($0) }
            if let order = separator("~", &a, &b) { return order }
            guard !a.isEmpty, !b.isEmpty else { return a.count.signum() - b.count.signum() }
            for mark in ["-", "^", "."] as [Character] {
                if let order = separator(mark, &a, &b) { return order }
            }
            let order =
                a.first.map(isDigit) == true || b.first.map(isDigit) == true
                ? numbers(&a, &b) : letters(&a, &b)
            if order != 0 { return order }
        }
    }

    public static func isEarlier(_ one: String, _ other: String) -> Bool {
        compare(one, other) < 0
    }

    /// Removes the mark from the beginning of both versions. If only one has it, that one is
    /// earlier.
    private static func separator(
        _ mark: Character, _ a: inout ArraySlice<UInt8>, _ b: inout ArraySlice<UInt8>
    ) -> Int? {
        let (hasFirst, hasSecond) = (a.first == mark.asciiValue, b.first == mark.asciiValue)
        guard hasFirst == hasSecond else { return hasFirst ? -1 : 1 }
        if hasFirst {
            a = a.dropFirst()
            b = b.dropFirst()
        }
        return nil
    }

    /// Compares the numbers at the beginning, without leading zeros. A missing number equals 0.
    private static func numbers(
        _ a: inout ArraySlice<UInt8>, _ b: inout ArraySlice<UInt8>
    ) -> Int {
        a = a.drop { $0 == UInt8(ascii: "0") }
        b = b.drop { $0 == UInt8(ascii: "0") }
        let (first, second) = (a.prefix(while: isDigit), b.prefix(while: isDigit))
        a = a.dropFirst(first.count)
        b = b.dropFirst(second.count)
        guard first.count == second.count else { return first.count < second.count ? -1 : 1 }
        return order(first, second)
    }

    private static func letters(
        _ a: inout ArraySlice<UInt8>, _ b: inout ArraySlice<UInt8>
    ) -> Int {
        let (first, second) = (a.prefix(while: isLetter), b.prefix(while: isLetter))
        a = a.dropFirst(first.count)
        b = b.dropFirst(second.count)
        return order(first, second)
    }

    private static func order(_ a: ArraySlice<UInt8>, _ b: ArraySlice<UInt8>) -> Int {
        a.lexicographicallyPrecedes(b) ? -1 : b.lexicographicallyPrecedes(a) ? 1 : 0
    }

    private static func isPart(_ byte: UInt8) -> Bool {
        isDigit(byte) || isLetter(byte) || "-.~^".utf8.contains(byte)
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }
}
