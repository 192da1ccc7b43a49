// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

extension Unicode.Scalar {
    /// True for a character that a terminal obeys or hides instead of showing it: controls (Cc),
    /// format characters such as those that turn the direction of writing (Cf), line and paragraph
    /// separators (Zl, Zp), and characters without a shape of their own, such as fillers
    /// (Default_Ignorable_Code_Point). False for the two selectors of the shape of a symbol,
    /// because names contain emoji.
    package var isUnseen: Bool {
        // Nearly all characters are in this range.
        if (0x20...0x7E).contains(value) { return false }
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: return true
        default:
            return properties.isDefaultIgnorableCodePoint && !(0xFE0E...0xFE0F).contains(value)
        }
    }
}

extension String {
    /// The text with every character that a terminal obeys or hides, also line ends, written as
    /// `\u{1B}`. Names, properties and answers come from strangers.
    package var withControlsShown: String { replacingControls { $0.escaped(asASCII: true) } }

    /// JSON (RFC 8259) in which every such character of a string is escaped. Of these characters,
    /// JSON has only line ends outside strings; they stay.
    package var withControlsEscapedAsJSON: String {
        replacingControls { scalar in
            guard scalar != "\n" else { return "\n" }
            return scalar.utf16.map { unit in
                let digits = String(unit, radix: 16)
                return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }.joined()
        }
    }

    private func replacingControls(_ words: (Unicode.Scalar) -> String) -> String {
        guard unicodeScalars.contains(where: \.isUnseen) else { return self }
        return unicodeScalars.reduce(into: "") { text, scalar in
            if scalar.isUnseen {
                text += words(scalar)
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
    }
}
