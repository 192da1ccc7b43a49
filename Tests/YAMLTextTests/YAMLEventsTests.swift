// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import YAMLText

@Suite struct YAMLEventsTests {
    /// Returns each part as its kind, its anchor and its text.
    private func parts(_ yaml: String) -> [String] {
        let scalars = Array(yaml.unicodeScalars)
        var parts: [String] = []
        YAMLEvents.each(in: yaml) { event in
            var text = ""
            text.unicodeScalars += scalars[event.start.offset..<event.end.offset]
            parts.append("\(event.kind) \(event.anchor ?? "-") \(text)")
        }
        return parts
    }

    @Test func `Parts come in the order of the text, with the places that they take`() {
        #expect(
            parts("é: &x !!str 'a''b' # c\nk: [*x]\n") == [
                "beginMapping - ", "scalar - é", "scalar x &x !!str 'a''b'", "scalar - k",
                "beginList - [", "alias x *x", "end - ]", "end - ",
            ])
        #expect(
            parts("a: |\n  one\n  two\nb: x\r\n").dropFirst(2).prefix(3) == [
                "scalar - |\n  one\n  two\n", "scalar - b", "scalar - x",
            ])
    }

    @Test func `Lines and columns start at 1, and columns count scalars`() {
        var places: [YAMLPlace] = []
        YAMLEvents.each(in: "a:\n  👩‍🚀é: b") { places.append($0.start) }
        #expect(places.map(\.line) == [1, 1, 2, 2, 2, 3, 3])
        #expect(places.map(\.column).prefix(5) == [1, 1, 3, 3, 9])
    }

    @Test(arguments: ["", "\u{FEFF}", "a: [", "\u{0}", "*x", "%YAML 9.9\n---\n", "a: \t- @"])
    func `A mistake ends the parts and nothing else`(yaml: String) {
        #expect(parts(yaml).count < 5)
    }
}
