export { default } from 'render2';
