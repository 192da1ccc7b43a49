// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import LabSupport
import Testing

extension EndToEndTests {
    /// `tranship copy … --name`: like `cp a b; cp a c`, it leaves two copies.
    @Suite struct SecondNameTests {
        @Test("a second name is a second image, from a cloud, an archive and a file")
        func second() async throws {
            try await scene("second") { scene in
                let name = scene.prefix
                let data = Sample.raw(9000, seed: 1)
                try await scene.alpha.add(name, data)
                let raw = scene.folder.appendingPathComponent("\(name).raw")
                try Data(data).write(to: raw)
                let archive = try await scene.tranship("copy", "alpha", "./arc/", name)
                #expect(archive.status == 0, archive.said)
                let orders = [
                    ["alpha", "beta", name], ["./arc/", "beta", name], [raw.path, "beta"],
                ]
                for (index, order) in orders.enumerated() {
                    // Each command has a journal of its own, as without the option.
                    func copy(_ more: [String]) async throws -> Outcome {
                        let journal = scene.folder
                            .appendingPathComponent("\(index)\(more.count).sqlite").path
                        return try await scene.start(
                            ["copy"] + order + more + ["--journal", journal]
                        ).outcome()
                    }
                    for again in [false, true] {
                        let plain = try await copy([])
                        #expect(plain.status == 0, plain.said)
                        let named = try await copy(["--name", "\(name) two"])
                        #expect(named.status == 0, named.said)
                        let copies = try await scene.beta.images(name).map(\.name).sorted()
                        #expect(copies == [name, "\(name) two"], "\(again) \(named.said)")
                    }
                    for image in try await scene.beta.images(name) {
                        try await scene.beta.delete(image)
                    }
                }
            }
        }
    }
}
