// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import YAMLText
import Yams

/// Reads a file in which a mapping has a key twice, so that its other mistakes are found as well.
extension PipelineReader {
    func composed() throws -> Node? {
        do {
            return try Yams.compose(yaml: text)
        } catch YamlError.duplicatedKeysInMapping(let keys, let context) {
            let repeated = YAMLRepeatedKey.all(in: text)
            for key in repeated { refuse(duplicate(key.text, at: key.start, first: key.first)) }
            guard !repeated.isEmpty else {
                throw YamlError.duplicatedKeysInMapping(duplicates: keys, context: context)
            }
            return try composed(without: repeated)
        }
    }

    /// Reads the text again after giving each repeated key a name that no file has.
    /// ``FileValue/entries()`` skips these keys.
    ///
    /// - Returns: nil if the text cannot be read that way.
    private func composed(without repeated: [YAMLRepeatedKey]) throws -> Node? {
        var scalars = Array(text.unicodeScalars)
        for (index, key) in repeated.enumerated() where key.start.line == key.end.line {
            let name = Unicode.Scalar(Self.privateUse + UInt32(clamping: index % Self.privateCount))
            guard let name, key.end.offset <= scalars.count else { continue }
            scalars.replaceSubrange(
                key.start.offset..<key.end.offset,
                with: repeatElement(name, count: key.end.offset - key.start.offset))
            passedOver.insert(position(key.start))
        }
        do {
            return try Yams.compose(yaml: String(String.UnicodeScalarView(scalars)))
        } catch YamlError.duplicatedKeysInMapping {
            return nil
        }
    }

    /// The first character of Unicode's private use area, and the number of its characters.
    private static let privateUse: UInt32 = 0xE000
    private static let privateCount = 6400

    func duplicate(_ key: String, at place: YAMLPlace, first: YAMLPlace) -> TranshipError {
        let isSameLine = place.line == first.line
        return refusal(
            position(place),
            "duplicate key `\(key)`, first used "
                + (isSameLine ? "in column \(first.column)" : "on line \(first.line)"),
            hint: "keep one of them")
    }
}
