// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// The head of an answer, collected line by line as curl delivers it.
struct AnswerHead {
    /// The status; 0 until the first line.
    private(set) var status = 0
    private(set) var headers = HTTPHeaders()
    /// True from the empty line that ends a final head. Trailers after the body are ignored.
    private(set) var isComplete = false

    /// Takes one line with its line end.
    ///
    /// - Returns: true if this line completes a final head.
    mutating func add(_ line: UnsafeRawBufferPointer) -> Bool {
        add(String(decoding: line, as: UTF8.self))
    }

    mutating func add(_ line: String) -> Bool {
        if isComplete { return false }
        let line = line.last?.isNewline == true ? line.dropLast() : line[...]
        if line.isEmpty {
            // Another head follows a 1xx (RFC 9110, section 15.2).
            isComplete = status >= 200
            return isComplete
        }
        if line.hasPrefix("HTTP/") {
            let parts = line.split(separator: " ", maxSplits: 2)
            status = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
            headers = HTTPHeaders()
        } else if let colon = line.firstIndex(of: ":") {
            let value = line[line.index(after: colon)...]
            headers.add(String(line[..<colon]), Self.trimmed(value))
        }
        return false
    }

    private static func trimmed(_ text: Substring) -> String {
        let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        let start = text.drop(while: isBlank)
        let end = start.lastIndex { !isBlank($0) }
        return end.map { String(start[...$0]) } ?? ""
    }
}
