/** Parts of the names of devices that compute on the processor: they are Chromium's, Mesa's and Windows' own. */
const softwareDevices = /swiftshader|llvmpipe|lavapipe|basic render/i;

/** Tells whether a device computes on the processor, so that its times are no GPU's. */
export function isSoftwareDevice(device: string): boolean {
  return softwareDevices.test(device);
}
