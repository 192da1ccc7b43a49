// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// The required state of a target after a night: the versions of the series, as a table would list
/// them. Has the rules from the documentation, and uses none of the tested code.
struct Shelf: Equatable, Sendable {
    enum Name: Sendable {
        case series, earlier
        /// A name that an operator gave.
        case other
    }

    struct Copy: Equatable, Sendable {
        var version: Int
        var name = Name.series
        var isHidden = false
        var isProtected = false
        var isPrivate = false
        /// False for a version that waits for the name of the series.
        var wasNamed = true

        /// True if the copy never was the current version for others.
        var isInVain: Bool { !wasNamed && name == .earlier }

        /// True if someone changed the copy by hand so that runs leave it alone.
        var isEdited: Bool { isProtected || isPrivate || name == .other }
    }

    /// The copies, in the order in which they were done, the oldest first.
    var copies: [Copy] = []

    /// Returns the shelf after a night in which the source offered this version and the target
    /// accepted it.
    func after(_ version: Int, _ rules: Nights.Rules) -> Shelf {
        var next = self
        let renames = rules.previous == .rename
        if !copies.contains(where: { $0.version == version }) {
            let isTaken = renames && copies.contains { $0.name == .series && !$0.isHidden }
            next.copies.append(
                Copy(version: version, name: isTaken ? .earlier : .series, wasNamed: !isTaken))
        }
        guard let current = next.copies.firstIndex(where: { $0.version == version }) else {
            return next
        }
        // A version that an operator hid or renamed replaces no version that others see.
        let isByHand = next.copies[current].isHidden || next.copies[current].name == .other
        let hidesShown = next.copies.contains {
            $0.version != version && $0.name == .series && !$0.isHidden && !$0.isEdited
        }
        if isByHand, hidesShown { return next }
        if renames, next.copies[current].name == .earlier {
            // The name has to be free before anything else changes.
            let isHeld = next.copies.contains {
                $0.version != version && $0.name == .series && !$0.isHidden && $0.isEdited
            }
            guard !next.copies[current].isEdited else { return next }
            if isHeld {
                // Of the versions that wait for the name, only the newest is needed.
                if !next.copies[current].isHidden {
                    next.copies.removeAll {
                        $0.version != version && $0.isInVain && !$0.isEdited && !$0.isHidden
                    }
                }
                return next
            }
            (next.copies[current].name, next.copies[current].wasNamed) = (.series, true)
        }
        let earlier = next.copies.indices.filter { $0 != current }
        var gone: Set<Int> = []
        var rank = -1
        for index in earlier.reversed() {
            let isInVain = next.copies[index].isInVain
            if !isInVain { rank += 1 }
            if next.copies[index].isEdited { continue }
            let givesName = renames && next.copies[index].name == .series
            if isInVain || rank >= rules.keep, !givesName {
                gone.insert(index)
            } else if renames {
                next.copies[index].name = .earlier
            } else {
                next.copies[index].isHidden = true
            }
        }
        next.copies = next.copies.indices.filter { !gone.contains($0) }.map { next.copies[$0] }
        return next
    }

    var isEdited: Bool { copies.contains(where: \.isEdited) }

    /// The words for logs, such as `3 2r 1rh`, the newest version first.
    var words: String {
        copies.sorted { $0.version > $1.version }.map { copy in
            var words = String(copy.version)
            if copy.name != .series { words += copy.name == .earlier ? "r" : "'" }
            if copy.isHidden { words += "h" }
            if copy.isProtected { words += "p" }
            if copy.isPrivate { words += "x" }
            return words
        }.joined(separator: " ")
    }
}
