// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import MigrationModel
import TestSupport
import Testing

@testable import OpenStackImage

@Suite("Tasks at a real Glance", .enabled(if: Lab.isUp), .atLab)
struct ImageServiceTasksTests {
    @Test("an image that was never imported has no tasks; an unknown one is not found")
    func ofImage() async throws {
        try await Lab.withImage { service, image in
            #expect(try await service.tasks(ofImage: image.id).isEmpty)
            try await service.delete(image.id)
            let error = await #expect(throws: MigrationError.self) {
                try await service.tasks(ofImage: image.id)
            }
            #expect(error?.code == .notFound)
        }
    }

    @Test("the list of all tasks is for admins, over pages")
    func all() async throws {
        let member = await #expect(throws: MigrationError.self) { try await Lab.service().tasks() }
        #expect(member?.code == .forbidden)
        try await Lab.withActiveImage { _, image in
            let admin = try Lab.service("alpha-admin")
            for store in ["slow", "nowhere"] {
                try? await admin.importImage(
                    image.id, ImportRequest(.copyImage, stores: .named([store])))
            }
            let id = try #require(try await admin.tasks(ofImage: image.id).first?.id)
            let tasks = try await admin.tasks(
                TaskQuery(sortKey: "created_at", pageLimit: 1))
            #expect(tasks.contains { $0.id == id })
            #expect(Set(tasks.map(\.id)).count == tasks.count)
            #expect(try await admin.task(id).imageID == image.id)
            _ = try await Lab.eventually {
                try await admin.task(id)
            } until: {
                $0.status.isFinal
            }
        }
    }
}
