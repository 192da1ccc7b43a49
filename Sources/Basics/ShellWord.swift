// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

extension String {
    /// The text as one word of a shell. Characters that no terminal shows are written as octal
    /// digits inside `$'…'`, so that a person can copy the word from the screen. bash, zsh, ksh and
    /// POSIX.1-2024 have that notation.
    package var shellQuoted: String {
        let plain = allSatisfy {
            $0.isASCII && ($0.isLetter || $0.isNumber || "/._-+@%=:,".contains($0))
        }
        if plain, !isEmpty { return self }
        if unicodeScalars.contains(where: \.isUnseen) { return "$'\(shellEscaped)'" }
        return "'"
            + split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''")
            + "'"
    }

    private var shellEscaped: String {
        unicodeScalars.reduce(into: "") { text, scalar in
            if scalar.isUnseen {
                // Always three digits, because the next character may be a digit.
                for byte in String(scalar).utf8 {
                    let digits = String(byte, radix: 8)
                    text += "\\" + String(repeating: "0", count: 3 - digits.count) + digits
                }
            } else {
                if scalar == "'" || scalar == "\\" { text += "\\" }
                text.unicodeScalars.append(scalar)
            }
        }
    }
}
