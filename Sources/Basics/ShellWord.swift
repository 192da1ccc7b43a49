// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

extension String {
    /// The text as one word of a shell. A word with characters that no terminal shows is written in
    /// `$'…'` with the octal digits of their bytes, so that a person can copy it from the screen: bash,
    /// zsh, ksh and POSIX.1-2024 have that.
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
                // Always three digits: what comes behind may be one.
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
