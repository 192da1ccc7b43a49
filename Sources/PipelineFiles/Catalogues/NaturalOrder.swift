// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// The order of versions in a catalogue: digits count as numbers.
enum NaturalOrder {
    static func isEarlier(_ one: String, _ other: String) -> Bool {
        let (first, second) = (parts(one), parts(other))
        for (a, b) in zip(first, second) where a != b {
            if a.isNumber, b.isNumber {
                let (x, y) = (a.text.drop { $0 == "0" }, b.text.drop { $0 == "0" })
                return x.count == y.count ? x < y : x.count < y.count
            }
            return a.isNumber != b.isNumber ? a.isNumber : a.text < b.text
        }
        return first.count < second.count
    }

    private struct Part: Equatable {
        var text: Substring
        var isNumber: Bool
    }

    private static func parts(_ version: String) -> [Part] {
        var parts: [Part] = []
        var rest = version[...]
        while let first = rest.first {
            let isNumber = isDigit(first)
            let part = rest.prefix { isDigit($0) == isNumber }
            parts.append(Part(text: part, isNumber: isNumber))
            rest = rest.dropFirst(part.count)
        }
        return parts
    }

    private static func isDigit(_ character: Character) -> Bool {
        character.isASCII && character.isNumber
    }
}
