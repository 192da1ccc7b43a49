// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import TestSupport
import Testing

@Suite struct SourceImageTests {
    @Test func `An image without a name is called by where it lies`() {
        var image = Sample.source("abc")
        #expect(image.displayName == "name of abc")
        image.name = ""
        #expect(image.displayName == "abc")
        image.name = nil
        image.location = "https://mirror.example/a.img"
        #expect(image.displayName == "https://mirror.example/a.img")
    }

    @Test func `A name for people is no longer than the service allows`() {
        var image = Sample.source("abc")
        image.name = String(repeating: "n", count: 200_000)
        #expect(image.displayName == String(repeating: "n", count: 255) + "…")
    }
}
