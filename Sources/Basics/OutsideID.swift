// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// The check of every id that a service sends: of images, projects and tasks.
///
/// Ids become part of paths, of messages and of columns of the journal. SQLite ends a text at
/// U+0000 (<https://www.sqlite.org/nulinonstr.html>), so two ids could become the same, and a query
/// could find the wrong row. No service makes such ids: those of OpenStack are UUIDs or 32
/// hexadecimal digits.
package enum OutsideID {
    /// The length of the longest id in the columns of OpenStack's services.
    package static let charactersMax = 255

    /// Returns the id; nil if it is empty, too long, or has controls, line ends or invisible
    /// characters.
    package static func read(_ text: String?) -> String? {
        guard let text, !text.isEmpty else { return nil }
        // Nearly all ids are printable ASCII, which needs no slow look into the tables of Unicode.
        let isPlain = text.utf8.count <= charactersMax && text.utf8.allSatisfy { 0x21...0x7E ~= $0 }
        guard
            isPlain
                || text.unicodeScalars.count <= charactersMax
                    && !text.unicodeScalars.contains(where: \.isUnseen)
        else { return nil }
        return text
    }
}
