// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import Testing

@Suite struct ExitStatusTests {
    @Test func `The numbers never change, because scripts hold them`() {
        let numbers = MigrationModel.ExitStatus.allCases.map { "\($0)=\($0.rawValue)" }
        #expect(
            numbers == [
                "done=0", "unclassified=1", "usage=2", "someFailed=3", "differences=4",
                "retryableLeft=5", "verificationMismatch=6", "fatal=7", "limitReached=8",
                "journalInUse=11", "interrupted=130",
            ])
    }

    @Test func `Every status says what it means, in a sentence of its own`() {
        let meanings = MigrationModel.ExitStatus.allCases.map(\.meaning)
        #expect(Set(meanings).count == meanings.count)
        #expect(meanings.allSatisfy { !$0.isEmpty && !$0.hasSuffix(".") })
    }

    @Test(
        arguments: [
            (.invalidPipeline, .usage), (.unknownCloud, .usage), (.planDrifted, .differences),
            (.placeChanged, .differences),
            (.interrupted, .interrupted), (.checksumMismatch, .verificationMismatch),
            (.authenticationFailed, .fatal), (.unreachable, .fatal), (.journalTooNew, .fatal),
            (.journalInUse, .journalInUse), (.timedOut, .retryableLeft), (.notFound, .unclassified),
        ] as [(TranshipError.Code, MigrationModel.ExitStatus)])
    func `An error that ends a command has its status`(
        code: TranshipError.Code, status: MigrationModel.ExitStatus
    ) {
        #expect(MigrationModel.ExitStatus(code) == status)
    }
}
