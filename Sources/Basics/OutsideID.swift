// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// The door for ids that a service states: of images, projects and tasks.
///
/// Ids go into paths, into messages and into columns of the journal. SQLite ends a text at U+0000
/// (<https://www.sqlite.org/nulinonstr.html>), so two ids could become one, and a row could be
/// another one than was written. No service makes such ids: those of OpenStack are UUIDs or 32
/// hexadecimal digits.
package enum OutsideID {
    /// The longest one in the columns of OpenStack's services.
    package static let charactersMax = 255

    /// The id, or nil for an empty one, a longer one, and one with controls, line ends or characters
    /// that cannot be seen.
    package static func read(_ text: String?) -> String? {
        guard let text, !text.isEmpty else { return nil }
        // Nearly all: no table of Unicode says more of them.
        let isPlain = text.utf8.count <= charactersMax && text.utf8.allSatisfy { 0x21...0x7E ~= $0 }
        guard
            isPlain
                || text.unicodeScalars.count <= charactersMax
                    && !text.unicodeScalars.contains(where: \.isUnseen)
        else { return nil }
        return text
    }
}
