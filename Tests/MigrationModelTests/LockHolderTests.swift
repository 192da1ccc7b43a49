// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import MigrationModel
import Testing

@Suite struct LockHolderTests {
    @Test func `A holder is read as it was written`() {
        let holder = LockHolder(processID: 4711, host: "host 2", now: 0)
        #expect(holder.words == "process 4711 on host 2, since 1970-01-01T00:00:00Z")
        #expect(LockHolder(text: holder.words) == holder)
    }

    @Test(arguments: ["", "another process", "process", "process x on y", "process -on y"])
    func `Other text names no process`(text: String) {
        let holder = LockHolder(text: text)
        #expect(holder.processID == nil)
        #expect(holder.words == (text.isEmpty ? "another process" : text))
    }
}
