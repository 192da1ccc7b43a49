// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// Byte counts as operators write and read them: `50GiB`, `200 MB`, `1.4 GiB`.
///
/// Binary units (`KiB MiB GiB TiB`) are powers of 1024, decimal units (`kB MB GB TB`) powers of
/// 1000, as in IEC 80000-13. A number without a unit, or with `B`, counts bytes.
public enum ByteCount {
    private static let units: [(String, Int64)] = [
        ("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10),
        ("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1000),
        ("B", 1),
    ]

    /// Reads a whole or decimal number with a unit. Nil for any other text, for negative numbers,
    /// and for more than `Int64` holds.
    public static func parse(_ text: String) -> Int64? {
        let text = text.filter { $0 != " " }
        var number = text[...]
        var factor: Int64 = 1
        for (unit, bytes) in units where text.hasSuffix(unit) {
            number = text.dropLast(unit.count)
            factor = bytes
            break
        }
        guard let first = number.utf8.first, (0x30...0x39).contains(first) else { return nil }
        if let whole = Int64(number) {
            let (value, overflow) = whole.multipliedReportingOverflow(by: factor)
            return overflow ? nil : value
        }
        guard number.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2E }),
            let decimal = Double(number)
        else { return nil }
        let value = decimal * Double(factor)
        return value < Double(Int64.max) ? Int64(value) : nil
    }

    /// Reads a rate such as `50MiB/s`, above 0.
    ///
    /// - Returns: bytes a second; nil for any other text, and for more than 2^53.
    public static func parseRate(_ text: String) -> Int64? {
        guard text.hasSuffix("/s"),
            let bytes = parse(String(text.dropLast(2))).flatMap(OutsideNumber.checked), bytes > 0
        else { return nil }
        return bytes
    }

    /// Writes the count in the largest binary unit that fits, with one decimal: `1.4 GiB`, `512 B`.
    public static func format(_ bytes: Int64) -> String {
        for (unit, size) in units.prefix(4) where bytes >= size {
            let tenths = Int64((Double(bytes) / Double(size) * 10).rounded())
            return "\(tenths / 10).\(tenths % 10) \(unit)"
        }
        return "\(bytes) B"
    }
}

/// Durations as operators write them: `30s`, `15m`, `24h`, `7d`.
public enum TimeSpan {
    /// Reads a whole number with one of the units `s m h d`.
    ///
    /// - Returns: seconds; nil for any other text.
    public static func parse(_ text: String) -> Int64? {
        let factors: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86400]
        guard let unit = text.last, let factor = factors[unit],
            text.utf8.first.map({ (0x30...0x39).contains($0) }) == true,
            let number = Int64(text.dropLast())
        else { return nil }
        let (value, overflow) = number.multipliedReportingOverflow(by: factor)
        return overflow ? nil : value
    }

    /// Writes a duration for people: `2d 03h`, `1h 05m`, `4m 10s`, `9s`.
    public static func format(_ seconds: Int64) -> String {
        func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
        if seconds >= 86400 { return "\(seconds / 86400)d \(two(seconds % 86400 / 3600))h" }
        if seconds >= 3600 { return "\(seconds / 3600)h \(two(seconds % 3600 / 60))m" }
        if seconds >= 60 { return "\(seconds / 60)m \(two(seconds % 60))s" }
        return "\(seconds)s"
    }
}
