// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// Suggests a known word for a mistyped one.
package enum Nearest {
    /// The most names that a hint lists.
    package static let shownMax = 12

    /// Returns a hint with the closest name and the first known names. Of a long list, it shows
    /// only the closest name if there is one.
    ///
    /// - Parameter what: the noun for the names, in the plural.
    package static func hint(
        _ word: String, in candidates: [String], _ what: String
    ) -> String {
        if let nearest = to(word, in: candidates), candidates.count > shownMax {
            return "did you mean \(nearest)? There are \(candidates.count) \(what)"
        }
        let guess = to(word, in: candidates).map { "did you mean \($0)? " } ?? ""
        let more = candidates.count - shownMax
        return "\(guess)known \(what): " + candidates.prefix(shownMax).joined(separator: ", ")
            + (more > 0 ? " and \(more) more" : "")
    }

    /// Returns the closest candidate, or nil if none is close. Close means that at most a third of
    /// the letters differ; one different letter is always allowed.
    package static func to(_ word: String, in candidates: [String]) -> String? {
        let plain = normalized(word)
        // An empty name would be close to every word of one letter.
        let scored = candidates.filter { !$0.isEmpty }.map { ($0, distance(plain, normalized($0))) }
        guard let best = scored.min(by: { $0.1 < $1.1 }) else { return nil }
        return best.1 <= max(1, min(word.count, best.0.count) / 3) ? best.0 : nil
    }

    /// Makes `diskFormat`, `disk-format` and `Disk_Format` one word.
    private static func normalized(_ word: String) -> [Character] {
        word.lowercased().filter { $0 != "_" && $0 != "-" && $0 != " " }.map { $0 }
    }

    /// Returns the number of letters to insert, remove, replace or swap with their neighbour
    /// (optimal string alignment distance).
    private static func distance(_ one: [Character], _ other: [Character]) -> Int {
        if one.isEmpty || other.isEmpty { return max(one.count, other.count) }
        // Keys are short. A long word resembles none of them and would take long to compare.
        if one.count > 64 || other.count > 64 { return .max }
        var rows = [Array(0...other.count)]
        for (row, letter) in one.enumerated() {
            var next = [row + 1]
            for (column, otherLetter) in other.enumerated() {
                var cost = min(
                    rows[row][column + 1] + 1, next[column] + 1,
                    rows[row][column] + (letter == otherLetter ? 0 : 1))
                if row > 0, column > 0, letter == other[column - 1],
                    one[row - 1] == otherLetter
                {
                    cost = min(cost, rows[row - 1][column - 1] + 1)
                }
                next.append(cost)
            }
            rows.append(next)
        }
        return rows[one.count][other.count]
    }
}
