// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// The word that somebody who mistyped one probably meant.
enum Nearest {
    /// The closest candidate; nil when none is close: more than a third of the
    /// letters wrong, at least one being allowed.
    static func to(_ word: String, in candidates: [String]) -> String? {
        let plain = normalized(word)
        let scored = candidates.map { ($0, distance(plain, normalized($0))) }
        guard let best = scored.min(by: { $0.1 < $1.1 }) else { return nil }
        return best.1 <= max(1, min(word.count, best.0.count) / 3) ? best.0 : nil
    }

    /// `diskFormat`, `disk-format` and `Disk_Format` are one word.
    private static func normalized(_ word: String) -> [Character] {
        word.lowercased().filter { $0 != "_" && $0 != "-" && $0 != " " }.map { $0 }
    }

    /// How many letters must be put in, taken out, replaced or swapped with
    /// their neighbour (optimal string alignment).
    private static func distance(_ one: [Character], _ other: [Character]) -> Int {
        if one.isEmpty || other.isEmpty { return max(one.count, other.count) }
        // Words of a pipeline file are short; what is not one is far from all.
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
