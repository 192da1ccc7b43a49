// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

extension String {
    /// Returns the first Unicode scalars, with an ellipsis if the text has more. Counts scalars
    /// because one character may consist of any number of them.
    package func cut(to count: Int) -> String {
        let scalars = unicodeScalars
        guard
            let end = scalars.index(
                scalars.startIndex, offsetBy: count, limitedBy: scalars.endIndex),
            end < scalars.endIndex
        else { return self }
        return String(scalars[..<end]) + "…"
    }
}

/// Two long values, cut around the place where they begin to differ.
package struct CutDifference: Sendable, Hashable {
    package let old: String
    package let new: String

    /// - Parameter count: the most Unicode scalars to show of each value, without the ellipses.
    package init(_ old: String, _ new: String, to count: Int) {
        let (first, second) = (old.unicodeScalars, new.unicodeScalars)
        let common = zip(first, second).prefix { $0 == $1 }.count
        // A long common beginning is cut, so that the difference is shown.
        let skipped = common < count / 2 ? 0 : common - count / 4
        func cut(_ scalars: String.UnicodeScalarView) -> String {
            guard scalars.count > count else { return String(scalars) }
            let start = min(skipped, scalars.count - count / 4)
            return (start > 0 ? "…" : "") + String(scalars.dropFirst(start)).cut(to: count)
        }
        self.old = cut(first)
        self.new = cut(second)
    }
}
