// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics

@testable import OpenStackImage

/// Bytes as a `clouds.yaml`, a `secure.yaml` and a `clouds-public.yaml`.
enum FuzzedCloudsFile {
    private static let cloudsMax = 8

    static func run(_ bytes: [UInt8]) {
        guard let text = String(validating: bytes, as: UTF8.self),
            let entry = try? CloudEntry(yaml: text, file: "clouds.yaml"),
            let files = try? CloudFiles(
                clouds: entry, secure: entry, publicClouds: entry,
                environment: ["HOME": "/home/operator"])
        else { return }
        for name in files.cloudNames.prefix(cloudsMax) {
            for region in [nil, "RegionOne"] {
                guard let cloud = try? files.configuration(of: name, region: region) else {
                    continue
                }
                _ = try? cloud.scoped(toProject: "admin")
                _ = "\(cloud)"
            }
        }
    }
}
