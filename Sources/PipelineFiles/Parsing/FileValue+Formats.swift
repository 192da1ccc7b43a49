// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics

/// Disk and container formats. The known ones are those of the Image service, whose operator may
/// add others. So an unknown word that resembles none of them may be right, and the plan compares
/// it with the target.
extension FileValue {
    func diskFormat() throws(TranshipError) -> String { try formatName(of: FormatNames.disk) }

    func containerFormat() throws(TranshipError) -> String {
        try formatName(of: FormatNames.container)
    }

    private func formatName(of known: [String]) throws(TranshipError) -> String {
        let text = try text()
        guard !known.contains(text) else { return text }
        let isWord = text.utf8.allSatisfy {
            (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D || $0 == 0x5F
        }
        let nearest = Nearest.to(text, in: known)
        guard !isWord || text.utf8.count > 40 || nearest != nil else { return text }
        throw refusal(
            "\(label) is \(shown), which is not a format name",
            hint: (nearest.map { "did you mean \($0)? " } ?? "") + "formats: "
                + known.joined(separator: ", "))
    }
}
