// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

extension Unicode.Scalar {
    /// True for what a terminal obeys or hides instead of showing it: controls (Cc), format
    /// characters such as those that turn the direction of writing (Cf), line and paragraph
    /// separators (Zl, Zp), and what Unicode says has no shape of its own (Default_Ignorable_Code_Point),
    /// such as fillers. The two selectors of the shape of a symbol are left: names have emoji.
    package var isUnseen: Bool {
        // Nearly all characters are of these.
        if (0x20...0x7E).contains(value) { return false }
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: return true
        default:
            return properties.isDefaultIgnorableCodePoint && !(0xFE0E...0xFE0F).contains(value)
        }
    }
}

extension String {
    /// The text with characters that a terminal obeys or hides, line ends among them, written as
    /// `\u{1B}`. Names, properties and answers come from strangers.
    package var withControlsShown: String { replacingControls { $0.escaped(asASCII: true) } }

    /// JSON (RFC 8259) in which every such character of a string is escaped. Outside strings there
    /// are only line ends, which stay.
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
