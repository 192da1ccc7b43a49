// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ImageArchives
import Testing

struct ArchivedIDTests {
    @Test func `an id is a UUID in lower case, and nothing that leads out of the folder`() {
        let text = "0f2c8c0e-5d0b-0a1f-9a7e-6d3c2b1a0987"
        #expect(ArchivedID(text)?.text == text)
        #expect(ArchivedID("00000000-0000-0000-0000-000000000000")?.text.count == 36)
        for wrong in [
            "", "..", "../../etc/passwd", "/etc/passwd", text.uppercased(), "\(text)/..",
            "\(text.dropLast())/", "\(text) ", "0f2c8c0e5d0b0a1f9a7e6d3c2b1a0987",
            "0f2c8c0e-5d0b-0a1f-9a7e-+d3c2b1a0987", "０f2c8c0e-5d0b-0a1f-9a7e-6d3c2b1a0987",
        ] {
            #expect(ArchivedID(wrong) == nil, "\(wrong)")
        }
    }

    @Test func `ids are in the order of their texts`() {
        let texts = [
            "0f2c8c0e-5d0b-0a1f-9a7e-6d3c2b1a0987", "0f2c8c0e-5d0b-0a1f-9a7e-6d3c2b1a0988",
            "1f2c8c0e-5d0b-0a1f-0a7e-6d3c2b1a0987", "ff2c8c0e-5d0b-0a1f-9a7e-6d3c2b1a0987",
        ]
        #expect(texts.reversed().compactMap(ArchivedID.init).sorted().map(\.text) == texts)
    }
}
