// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// The file name that an answer gives to its body (RFC 6266).
enum ContentDisposition {
    /// Returns the file name in a header.
    ///
    /// - Parameter value: the header's value: `attachment; filename="noble.img"`.
    /// - Returns: a name without folders and control characters; nil if there is none.
    static func fileName(_ value: String) -> String? {
        var names: [String: String] = [:]
        for parameter in parameters(value) {
            guard let sign = parameter.firstIndex(of: "=") else { continue }
            let key = parameter[..<sign].trimmingCharacters(in: .whitespaces).lowercased()
            let text = parameter[parameter.index(after: sign)...]
                .trimmingCharacters(in: .whitespaces)
            names[key] = names[key] ?? text
        }
        // `filename*=UTF-8''a%20b.img` has priority (RFC 6266, section 4.3).
        let encoded = names["filename*"].flatMap { text in
            text.split(separator: "'", omittingEmptySubsequences: false).last
                .flatMap { String($0).removingPercentEncoding }
        }
        guard let name = encoded ?? names["filename"] else { return nil }
        let last = name.split(whereSeparator: { $0 == "/" || $0 == "\\" }).last ?? ""
        let plain = String(last.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F })
        return plain.isEmpty || plain == "." || plain == ".." ? nil : String(plain.prefix(255))
    }

    /// Returns the parameters without their quotes. A quoted parameter may contain semicolons.
    private static func parameters(_ value: String) -> [String] {
        var parameters = [""]
        var isQuoted = false
        var isEscaped = false
        for character in value {
            if isEscaped {
                isEscaped = false
            } else if isQuoted, character == "\\" {
                isEscaped = true
                continue
            } else if character == "\"" {
                isQuoted.toggle()
                continue
            } else if character == ";", !isQuoted {
                parameters.append("")
                continue
            }
            parameters[parameters.count - 1].append(character)
        }
        return parameters
    }
}
