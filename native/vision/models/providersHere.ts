// Which GPU providers are worth a trial on this machine, found without loading anything: a trial
// costs a second and writes to the log, and a machine without a GPU would pay it at each start.

import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { PROVIDER_LADDER, type Provider } from './runtime.ts';

export type ProvidersHere = {
  allowed: Provider[];
  /** Why each of the others is not tried. */
  refused: Partial<Record<Provider, string>>;
};

const SYSTEMS: Partial<Record<Provider, readonly string[]>> = {
  cuda: ['linux x64'],
  dml: ['win32 x64', 'win32 arm64'],
  coreml: ['darwin arm64'],
  webgpu: ['linux x64', 'win32 x64', 'win32 arm64', 'darwin arm64'],
};

/** @param env VK_DRIVER_FILES names a Vulkan driver, also where no GPU is */
export function providersHere(
  platform: string,
  architecture: string,
  env: Readonly<Record<string, string | undefined>>,
): ProvidersHere {
  const found: ProvidersHere = { allowed: [], refused: {} };
  for (const provider of PROVIDER_LADDER) {
    if (provider === 'cpu') continue;
    const reason = reasonAgainst(provider, `${platform} ${architecture}`, env);
    if (reason === null) found.allowed.push(provider);
    else found.refused[provider] = reason;
  }
  return found;
}

function reasonAgainst(
  provider: Provider,
  system: string,
  env: Readonly<Record<string, string | undefined>>,
): string | null {
  if (!SYSTEMS[provider]?.includes(system)) return `ONNX Runtime has it for other systems only`;
  if (provider === 'cuda' && !existsSync('/dev/nvidia0')) return 'there is no NVIDIA GPU';
  if (provider === 'cuda' && !hasCudaFiles()) {
    return 'its files are not here: get them under Models, or with npm run gpu:install';
  }
  if (provider === 'webgpu' && system.startsWith('linux') && !env.VK_DRIVER_FILES && !hasGpu()) {
    return 'there is no GPU (/dev/dri has no render node)';
  }
  return null;
}

function hasGpu(): boolean {
  try {
    return readdirSync('/dev/dri').some((name) => name.startsWith('renderD'));
  } catch {
    return existsSync('/dev/nvidia0');
  }
}

/** Path of ONNX Runtime's CUDA provider, whether it is there or not; null without the package. */
export function cudaProviderPath(): string | null {
  try {
    const entry = createRequire(import.meta.url).resolve('onnxruntime-node/package.json');
    // Files inside app.asar can neither be written nor loaded by the system.
    const folder = dirname(entry).replace(/app\.asar(?=[\\/])/, 'app.asar.unpacked');
    return join(folder, 'bin/napi-v6/linux/x64/libonnxruntime_providers_cuda.so');
  } catch {
    return null;
  }
}

function hasCudaFiles(): boolean {
  const path = cudaProviderPath();
  return path !== null && existsSync(path);
}
