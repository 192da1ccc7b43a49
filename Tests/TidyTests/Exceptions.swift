// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// Test files that are called after a subject, because it lies across files.
enum Exceptions {
    static let subjects: [String: String] = [
        "Tests/HTTPTransportTests/CancellationTests.swift": "of every kind of exchange",
        "Tests/HTTPTransportTests/ProxyTests.swift": "a setting of curl and of the environment",
        "Tests/MigrationPipelineTests/CrashTests.swift": "the whole pipeline, killed anywhere",
        "Tests/OpenStackImageTests/ImageData/RangeRefusalTests.swift": "what services do with ranges",
        "Tests/OpenStackImageTests/Service/TokenRenewalTests.swift": "session and service together",
    ]
}
