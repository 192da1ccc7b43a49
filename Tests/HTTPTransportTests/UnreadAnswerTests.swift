// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@testable import HTTPTransport

@Suite struct UnreadAnswerTests {
    @Test func `A refusal is read with its body`() throws {
        let text = "HTTP/1.1 409 Conflict\r\nContent-Length: 5\r\n\r\ntaken"
        let (head, body) = try #require(UnreadAnswer.parse(Array(text.utf8), bodyBytesMax: 100))
        #expect(head.status == 409)
        #expect(body == Array("taken".utf8))
    }

    @Test func `A chunked body is put together, as far as it came`() throws {
        let text =
            "HTTP/1.1 413 Too Large\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nover\r\n6;x=y\r\n quo"
        let (_, body) = try #require(UnreadAnswer.parse(Array(text.utf8), bodyBytesMax: 100))
        #expect(String(decoding: body, as: UTF8.self) == "over quo")
    }

    @Test(arguments: [
        "", "HTTP/1.1 409 Conflict\r\nContent-", "HTTP/1.1 100 Continue\r\n\r\n", "SSH-2.0\r\n\r\n",
    ])
    func `Only a complete final head is an answer`(text: String) {
        #expect(UnreadAnswer.parse(Array(text.utf8), bodyBytesMax: 100) == nil)
    }

    @Test(arguments: [
        ("OpenSSL/3.0.17", 0x3000_0110 as UInt, true), ("OpenSSL/3.5.4", 0x3050_0040, true),
        // A version of OpenSSL that differs from curl's.
        ("OpenSSL/3.0.17", 0x3050_0040, false), ("OpenSSL/3.0.17", 0x1010_117F, false),
        ("OpenSSL/1.1.1w", 0x1010_117F, false), ("OpenSSL/4.0.0", 0x4000_0000, false),
        ("BoringSSL", 0x1010_107F, false), ("LibreSSL/3.8.2", 0x2000_0000, false),
        ("GnuTLS/3.7.9", 0x3000_0110, false), ("GnuTLS/3.7.9 (OpenSSL/3.0.17)", 0x3000_0110, false),
        ("OpenSSL/3.0", 0x3000_0000, false), ("OpenSSL/3.999.1", 0, false), ("", 0, false),
    ])
    func `Only a known OpenSSL is reached into`(curl: String, loaded: UInt, isKnown: Bool) {
        #expect(UnreadAnswer.isKnown(curl: curl, loaded: loaded) == isKnown)
    }

    // Runs in processes of their own, because the environment belongs to all tests.
    @Test func `A variable turns it off`() async {
        await #expect(processExitsWith: .success) {
            #expect(UnreadAnswer.isInUse)
        }
        await #expect(processExitsWith: .success) {
            setenv(UnreadAnswer.switchName, "off", 1)
            #expect(!UnreadAnswer.isInUse)
        }
    }
}
