// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

extension Unicode.Scalar {
    /// True for what a terminal obeys or hides instead of showing it: controls (Cc), format
    /// characters such as those that turn the direction of writing (Cf), line and paragraph
    /// separators (Zl, Zp).
    package var isUnseen: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }
}
