// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Testing

@Suite struct SecretTests {
    @Test func `No way of printing shows the value`() {
        struct Holder {
            var name = "alpha"
            var token = Secret("gAAAAA-planted")
            var optional: Secret<String>? = Secret("gAAAAA-planted")
        }
        let holder = Holder()
        var dumped = ""
        dump(holder, to: &dumped)
        let texts = [
            "\(holder)", "\(holder.token)", String(reflecting: holder),
            String(describing: [holder]),
            dumped, "\(holder.optional as Any)",
        ]
        for text in texts {
            #expect(!text.contains("planted"))
        }
        #expect("\(holder.token)" == "<redacted>")
        #expect(holder.token.revealed == "gAAAAA-planted")
    }

    @Test func `Secrets are equal when their values are`() {
        #expect(Secret("a") == Secret("a"))
        #expect(Set([Secret("a"), Secret("a"), Secret("b")]).count == 2)
    }
}
