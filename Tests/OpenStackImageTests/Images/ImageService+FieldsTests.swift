// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import LabSupport
import TestSupport
import Testing

@testable import OpenStackImage

@Suite("Single fields at a real Glance", .enabled(if: Lab.isUp), .atLab)
struct ImageServiceFieldsTests {
    @Test("hidden, protected and visible are one call each")
    func fields() async throws {
        try await Lab.withImage { service, image in
            let hidden = try await service.hide(image.id)
            #expect(hidden.isHidden)
            #expect(try await service.unhide(image.id).isHidden == false)
            #expect(try await service.protect(image.id).isProtected == true)
            #expect(try await service.unprotect(image.id).isProtected == false)
            #expect(
                try await service.setVisibility(image.id, .community).visibility == .community)
            let error = await #expect(throws: TranshipError.self) {
                try await service.setVisibility(image.id, .public)
            }
            #expect(error?.code == .forbidden)
            #expect(error?.hint?.contains("only administrators may publish images") == true)
        }
    }

    @Test(
        "values become what the service takes, untyped ones win, and what is so already is not sent",
        .proves("sdk update_image_properties(image, meta, **kwargs)"))
    func values() async throws {
        let kernelName = Lab.uniqueName("kernel")
        try await Lab.withImage(NewImage(name: kernelName)) { service, kernel in
            try await Lab.withImage(NewImage(properties: ["kept": "1"])) { _, image in
                let updated = try await service.setValues(
                    image.id,
                    [
                        "min_disk": "7", "hw_cpu_cores": 4, "hw_boot_menu": true, "name": "n",
                        "kernel": .string(kernelName), "same": "typed",
                    ], untyped: ["same": "untyped"])
                #expect(updated.minDiskGiB == 7)
                #expect(updated.name == "n")
                #expect(updated.properties["hw_cpu_cores"] == "4")
                #expect(updated.properties["hw_boot_menu"] == "true")
                #expect(updated.properties["kernel_id"] == .string(kernel.id))
                #expect(updated.properties["same"] == "untyped")
                #expect(updated.properties["kept"] == "1")
                let again = try await service.setValues(image.id, ["hw_cpu_cores": "4"])
                #expect(again.updatedAt == updated.updatedAt)
            }
        }
    }
}
