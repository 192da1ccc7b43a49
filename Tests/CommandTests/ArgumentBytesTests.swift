// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Testing

@testable import tranship

@Suite struct ArgumentBytesTests {
    private func refusal(_ words: [[UInt8]]) -> TranshipError? {
        do throws(TranshipError) {
            try ArgumentBytes.refuse(words)
            return nil
        } catch {
            return error
        }
    }

    @Test func `A word that is not UTF-8 is refused, wherever it is`() {
        let path = Array("./ex".utf8) + [0xE9, UInt8(ascii: "/")]
        for words in [[path], [Array("--save".utf8), path], [Array("é".utf8), path]] {
            #expect(refusal(words)?.code == .usage)
            #expect(refusal(words)?.message == "\"./ex\u{FFFD}/\" is not UTF-8")
        }
        #expect(refusal([Array("copy".utf8), Array("夜é.raw".utf8)]) == nil)
        #expect(refusal([Array("---completion".utf8), path]) == nil)
    }

    @Test func `The words of this process are read whole`() {
        let words = ArgumentBytes.all.map { String(decoding: $0, as: UTF8.self) }
        #expect(words == CommandLine.arguments)
    }
}
