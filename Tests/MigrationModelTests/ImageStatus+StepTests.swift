// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import Testing

@Suite struct ImageStatusStepTests {
    @Test(
        arguments: [
            (ImageStatus.queued, "wait until it is active"), (.saving, "wait until it is active"),
            (.uploading, "wait until it is active"), (.importing, "wait until it is active"),
            (.killed, "upload it again at the source: a killed image never becomes active"),
            (.pendingDelete, "upload it again at the source: this image is being deleted"),
            (.deleted, "upload it again at the source: this image is being deleted"),
            (
                ImageStatus(rawValue: "frozen"),
                "ask the operator of the source what its status means"
            ),
        ])
    func `Only a status that ends by itself is waited for`(status: ImageStatus, step: String) {
        #expect(status.stepToData == step)
        var missed = MissedSelection(
            place: "p:1", cloud: "alpha", name: "a", nearest: "a", examples: [], listedImages: 1)
        missed.cause = .leftOut(key: "status", reason: "its status is \(status)", status: status)
        #expect(missed.wayOut == "\(step), or take its name out of the list")
    }
}
