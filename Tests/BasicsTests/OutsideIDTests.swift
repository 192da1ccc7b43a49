// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Testing

@Suite struct OutsideIDTests {
    @Test(arguments: [
        "5ffa62d7-c08d-4678-a9f4-7c8b267be350", "d6b3ae4bc7b24a6e9a2f0f5c1f0ab1de", "img 1", "é",
        "../x", String(repeating: "i", count: 255),
    ])
    func `What a service may use as an id passes as it is`(id: String) {
        #expect(OutsideID.read(id) == id)
    }

    @Test(arguments: [
        nil, "", "a\0b", "a\nb", "\u{1B}[31m", "a\u{7F}", "a\u{9B}", "a\u{202E}b", "a\u{2028}b",
        "a\u{200B}", String(repeating: "i", count: 256),
    ])
    func `What cannot be an id does not pass`(id: String?) {
        #expect(OutsideID.read(id) == nil)
    }
}
